"""counts.parquet: candidate, seed, phase, benchmark, problem, n, c."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.tables import write_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.result.measured import Measured, Phase

COLUMNS = ("candidate", "seed", "phase", "benchmark", "problem_id", "num_samples", "num_correct")


def write_counts(path: Path, measured: Sequence[Measured]) -> None:
    """Write one row a candidate, seed, phase (pre, at<step>, post), benchmark and problem."""
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for one in measured:
        for phase, counts in _phases(one):
            for seed, entries in counts.by_seed.items():
                for entry in entries:
                    size = len(entry.problem_ids)
                    columns["candidate"] += [one.name] * size
                    columns["seed"] += [seed] * size
                    columns["phase"] += [phase] * size
                    columns["benchmark"] += [entry.benchmark] * size
                    columns["problem_id"] += entry.problem_ids
                    columns["num_samples"] += entry.num_samples.tolist()
                    columns["num_correct"] += entry.num_correct.tolist()
    write_table(path, columns)


def _phases(one: Measured) -> Iterator[tuple[str, Phase]]:
    yield "pre", one.pre
    for step, phase in one.along.items():
        yield f"at{step}", phase
    if one.post:
        yield "post", one.post
