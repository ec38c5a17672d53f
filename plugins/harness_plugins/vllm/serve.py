"""Hold a model in vLLM and answer orders: `python serve.py`, JSON lines on standard input and output.

Runs under the Python that has vLLM, without the harness; never imported by it. The first order opens the model:
{"open": EngineArgs by name}. Then {"sample": [...]} and {"score": [...]} are answered with a line for each item and
{"done": true}; what goes wrong is answered with {"error": "..."}, or {"refused": "..."} where the settings are wrong. When
standard input ends, which it does when whoever holds its other end dies in whatever way, so does this process with all that
it has started.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import json
import math
import os
import queue
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

GRACE_S = 3.0
"""Time for vLLM's own processes to end."""


class RefusedError(ValueError):
    """The user's settings are wrong."""


def main() -> None:
    """Answer orders until there are no more."""
    # vLLM prints to standard output, which is ours for answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    # This script's folder is no place to import from.
    sys.path[:] = [place for place in sys.path if Path(place).resolve() != Path(__file__).resolve().parent]
    orders: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    llm: Any = None
    while (order := orders.get()) is not None:
        try:
            if "open" in order:
                llm, answer = _open(order["open"])
                _answer(answers, answer)
                continue
            work = _sample(llm, order["sample"]) if "sample" in order else _score(llm, order["score"])
            for each in work:
                _answer(answers, each)
            _answer(answers, {"done": True})
        except RefusedError as error:
            _answer(answers, {"refused": str(error)})
        except Exception as error:
            traceback.print_exc()
            _answer(answers, {"error": f"{type(error).__name__}: {error}"})


def _listen(orders: queue.Queue[dict[str, Any] | None]) -> None:
    for line in sys.stdin.buffer:
        orders.put(json.loads(line))
    orders.put(None)
    time.sleep(GRACE_S)
    os.killpg(0, signal.SIGKILL)


def _answer(answers: Any, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")


def _open(arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Load the model and say how many positions it has here."""
    vllm: Any = importlib.import_module("vllm")
    known = [f.name for f in dataclasses.fields(importlib.import_module("vllm.engine.arg_utils").EngineArgs)]
    for name in arguments:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see the EngineArgs of its documentation"
            raise RefusedError(f"flags: vllm {vllm.__version__} has no engine argument {name!r}; {hint}")
    llm = vllm.LLM(**arguments)
    return llm, {"ready": True, "version": vllm.__version__, "context": _context(llm)}


def _context(llm: Any) -> int:
    engine = llm.llm_engine
    config = getattr(engine, "model_config", None) or engine.vllm_config.model_config
    return int(config.max_model_len)


def _sample(llm: Any, items: list[dict[str, Any]]) -> Any:
    """Draw the samples of each item: prompt (token ids), settings (SamplingParams by name)."""
    vllm: Any = importlib.import_module("vllm")
    settings = [vllm.SamplingParams(**item["settings"]) for item in items]
    prompts = [{"prompt_token_ids": item["prompt"]} for item in items]
    for place, output in enumerate(llm.generate(prompts, settings, use_tqdm=False)):
        completions = [_completion(each) for each in sorted(output.outputs, key=lambda each: each.index)]
        yield {"place": place, "completions": completions}


def _completion(output: Any) -> dict[str, Any]:
    ids = list(output.token_ids)
    rows = list(output.logprobs)
    return {
        "ids": ids,
        "logprob": sum(row[token].logprob for row, token in zip(rows, ids, strict=True)),
        "entropy": sum(map(_entropy, rows)) / len(rows) if rows and len(rows[0]) > 1 else None,
        "finish": output.finish_reason,
    }


def _score(llm: Any, items: list[dict[str, Any]]) -> Any:
    """Score each item's token ids from `start` on."""
    vllm: Any = importlib.import_module("vllm")
    settings = [vllm.SamplingParams(**item["settings"]) for item in items]
    prompts = [{"prompt_token_ids": item["ids"]} for item in items]
    for place, output in enumerate(llm.generate(prompts, settings, use_tqdm=False)):
        ids, start = items[place]["ids"], items[place]["start"]
        rows = [output.prompt_logprobs[i] for i in range(start, len(ids))]
        own = [row[token] for row, token in zip(rows, ids[start:], strict=True)]
        # A row holds the token itself and, where it is not that, the most probable ones that were asked for.
        is_full = items[place]["settings"]["prompt_logprobs"] == -1
        yield {
            "place": place,
            "logprobs": [each.logprob for each in own],
            "ranks": [each.rank for each in own],
            "entropies": [_entropy(row) for row in rows] if is_full else None,
        }


def _entropy(row: Any) -> float:
    """Entropy (nats) of a whole vocabulary's log-probabilities."""
    values: list[float] = [each.logprob for each in row.values()]
    return -sum(math.exp(value) * value for value in values if value > -1e4)


if __name__ == "__main__":
    main()
