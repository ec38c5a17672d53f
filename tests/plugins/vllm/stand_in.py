"""A stand-in for vLLM, which cannot run where these tests do: the same calls, and answers that can be worked out by hand.

It is written into a virtual environment as the package `vllm` (see conftest.py). What it promises is what `make test-vllm`
checks of the real one: child i of a request draws with seed + i, a score row holds the prompt's own token.
"""

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

__version__ = "0.32.0"
VOCABULARY = 39
END = 2


@dataclass
class Logprob:
    logprob: float
    rank: int


@dataclass
class SamplingParams:
    n: int = 1
    seed: int | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 16
    stop: list | None = None
    stop_token_ids: list = field(default_factory=list)
    detokenize: bool = True
    logprobs: int | None = None
    prompt_logprobs: int | None = None

    def __post_init__(self):
        if self.n > 1 and self.temperature == 0:
            raise ValueError("n must be 1 when using greedy sampling")


def drawn(prompt, seed, most):
    """Draw tokens 3.. until a multiple of 7 comes up, which ends."""
    state, tokens = (seed * 2654435761 + sum(prompt)) % 2**32, []
    while len(tokens) < most:
        state = (state * 1664525 + 1013904223) % 2**32
        tokens.append(END if (state >> 16) % 7 == 0 else 3 + (state >> 16) % (VOCABULARY - 3))
        if tokens[-1] == END:
            break
    return tokens


def row(token, place, wanted):
    """Log-probability -(token + place / 100), rank token + 1; the whole vocabulary, uniform, where it is asked for."""
    if wanted == -1:
        import math

        return {i: Logprob(-math.log(VOCABULARY), 1) for i in range(VOCABULARY)}
    return {token: Logprob(-(token + place / 100), token + 1)}


class LLM:
    def __init__(self, **arguments):
        sys.stdout.write("stand-in says hello\n")
        self.behaviour = os.environ.get("STAND_IN", "")
        if self.behaviour == "die-loading":
            sys.stderr.write("CUDA out of memory, says the stand-in\n")
            os._exit(17)
        if self.behaviour == "raise-loading":
            raise RuntimeError("Engine core initialization failed")
        self.arguments = arguments
        self.llm_engine = SimpleNamespace(model_config=SimpleNamespace(max_model_len=arguments.get("max_model_len", 256)))
        if place := os.environ.get("STAND_IN_LOG"):
            with open(place, "a") as file:
                gpus = os.environ.get("CUDA_VISIBLE_DEVICES")
                file.write(repr({"pid": os.getpid(), "gpus": gpus, **arguments}) + "\n")

    def generate(self, prompts, settings, use_tqdm=True):
        if self.behaviour == "die":
            sys.stderr.write("the stand-in falls over\n")
            os._exit(3)
        if self.behaviour == "hang":
            time.sleep(600)
        if self.behaviour == "raise":
            raise ValueError("the stand-in has had enough")
        return [self._one(p["prompt_token_ids"], s) for p, s in zip(prompts, settings, strict=True)]

    def _one(self, prompt, asked):
        scores = None
        if asked.prompt_logprobs is not None:
            assert not self.arguments["enable_prefix_caching"]
            rows = [row(token, place, asked.prompt_logprobs) for place, token in enumerate(prompt)]
            scores = [None, *rows[1:]]
        outputs = []
        for i in range(asked.n):
            tokens = drawn(prompt, (asked.seed or 0) + i, asked.max_tokens)
            outputs.append(
                SimpleNamespace(
                    index=i,
                    token_ids=tokens,
                    logprobs=[row(t, place, asked.logprobs) for place, t in enumerate(tokens)],
                    finish_reason="abort" if self.behaviour == "abort" else "stop" if tokens[-1] == END else "length",
                )
            )
        return SimpleNamespace(prompt_logprobs=scores, outputs=outputs[::-1])


def write_into(site: Path) -> None:
    """Make it a distribution of a virtual environment."""
    package = site / "vllm"
    (package / "engine").mkdir(parents=True)
    (package / "__init__.py").write_text(Path(__file__).read_text())
    (package / "engine" / "__init__.py").write_text("")
    names = "model dtype tensor_parallel_size gpu_memory_utilization enforce_eager enable_prefix_caching logprobs_mode"
    fields = "\n".join(f"    {name}: object = None" for name in [*names.split(), "max_model_len", "max_num_seqs",
                                                                "max_logprobs", "quantization"])  # fmt: skip
    (package / "engine" / "arg_utils.py").write_text(
        f"from dataclasses import dataclass\n\n@dataclass\nclass EngineArgs:\n{fields}\n"
    )
    info = site / "vllm-0.32.0+cpu.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n")
