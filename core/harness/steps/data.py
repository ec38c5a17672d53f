"""data: read a data source's examples, or a benchmark's problems."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.jsonl import write_examples, write_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.job import Job
    from harness.values import Example, Problem


def run(job: Job) -> None:
    """Write examples.jsonl or problems.jsonl."""
    part = job.step.parts[0]
    load, params = job.component(part)
    rows = list(load(params, job.context(seed=job.step.seed)))
    _check(rows, f"{part.kind} {part.name!r}")
    if part.kind == "benchmark":
        write_problems(job.out / "problems.jsonl", rows)
    else:
        write_examples(job.out / "examples.jsonl", rows)
    job.facts["rows"] = len(rows)


def _check(rows: Sequence[Example | Problem], where: str) -> None:
    if not rows:
        raise DataError(f"{where}: yields nothing; check its settings and files")
    twice = [name for name, times in Counter(row.id for row in rows).items() if times > 1]
    if twice:
        raise DataError(f"{where}: id {twice[0]!r} occurs more than once ({len(twice)} such ids); make ids unique")
