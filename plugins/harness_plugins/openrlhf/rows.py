"""Training data as OpenRLHF reads it: JSON Lines in its own keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError, Problem, TrainJob
from harness_plugins.openrlhf.text import Marks


def sft_rows(job: TrainJob, marks: Marks, template: str) -> Iterator[dict[str, str]]:
    """Yield `input` and `output`.

    In the plain template the opening token goes before the prompt and the end-of-sequence token right behind the response.

    Raises:
        DataError: an example has no response or no prompt, which OpenRLHF would leave out without a word.
    """
    for example in job.examples:
        if not example.prompt or not example.response:
            which = "response" if example.prompt else "prompt"
            raise DataError(f"example {example.id!r}: its {which} is empty; drop it, or give it one")
        if template == "chat":
            yield {"input": example.prompt, "output": example.response}
        else:
            yield {"input": marks.opening + example.prompt, "output": example.response + marks.end}


def rl_rows(job: TrainJob, marks: Marks, template: str) -> Iterator[dict[str, str]]:
    """Yield `input` and `label`; the label is the problem as JSON, for the reward file.

    Raises:
        DataError: there are no prompts, or one has no answer.
    """
    if not job.examples:
        raise DataError("rl: there are no prompts to train on; give the data source some")
    for example in job.examples:
        if example.answer is None:
            raise DataError(f"example {example.id!r}: has no answer, so nothing can pay for it; give it one, or drop it")
        problem = Problem(id=example.id, prompt=example.prompt, answer=example.answer, meta=example.meta)
        yield _rl_row(problem, "reward", marks, template)


def monitor_rows(problems: Iterable[Problem], marks: Marks, template: str) -> Iterator[dict[str, str]]:
    """Yield the like for the monitor problems, whose grader may be another one."""
    for problem in problems:
        yield {**_rl_row(problem, "monitor", marks, template), "datasource": "monitor"}


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write one object a line, whole or not at all; return how many.

    A file that says the same already is left as it is: Hugging Face's cache goes by its time of change.
    """
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    text = "".join(lines).encode()
    if not path.is_file() or path.read_bytes() != text:
        draft = path.with_suffix(".draft")
        draft.write_bytes(text)
        draft.replace(path)
    return len(lines)


def _rl_row(problem: Problem, grader: str, marks: Marks, template: str) -> dict[str, str]:
    asked = {"id": problem.id, "prompt": problem.prompt, "answer": problem.answer, "meta": dict(problem.meta)}
    label = json.dumps({"grader": grader, "problem": asked}, ensure_ascii=False)
    return {"input": problem.prompt if template == "chat" else marks.opening + problem.prompt, "label": label}
