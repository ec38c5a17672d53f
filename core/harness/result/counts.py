"""counts.parquet: candidate, seed, phase, benchmark, problem, n, c."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import DataError
from harness.tables import read_table, write_table
from harness.values import Counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.result.measured import Measured, Phase

    ByPhase = dict[str, dict[int, tuple[Counts, ...]]]

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


def read_counts_table(path: Path) -> dict[str, ByPhase]:
    """Read counts by candidate, phase (pre, at<step>, post) and seed, one entry a benchmark, all in the file's order.

    Raises:
        DataError: not a Parquet file, a column missing, of another type or with empty cells, counts that no sampling can
            have given, or a problem that stands twice.
    """
    table = _checked(path)
    keys = [_codes(table[name]) for name in ("candidate", "phase", "seed", "benchmark")]
    group = np.zeros(len(table["seed"]), dtype=np.int64)
    for codes, names in keys:
        group = group * max(len(names), 1) + codes
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    found: dict[str, ByPhase] = {}
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    parts = np.split(order, starts[1:]) if len(order) else []
    for rows in sorted(parts, key=lambda rows: int(rows[0])):
        candidate, phase, seed, benchmark = (names[codes[rows[0]]] for codes, names in keys)
        ids = tuple(table["problem_id"][rows].tolist())
        if len(set(ids)) < len(ids):
            raise DataError(
                f"{path}: candidate {candidate!r}, {phase}, {benchmark!r}: a problem stands twice; write it again"
            )
        entry = Counts(
            benchmark=benchmark,
            problem_ids=known.setdefault(ids, ids),
            num_samples=table["num_samples"][rows],
            num_correct=table["num_correct"][rows],
        )
        seeds = found.setdefault(candidate, {}).setdefault(phase, {})
        seeds[int(seed)] = (*seeds.get(int(seed), ()), entry)
    return found


def _checked(path: Path) -> Mapping[str, NDArray[Any]]:
    """Read the columns and refuse what is not counts."""
    import pyarrow as pa

    try:
        table = read_table(path)
    except (pa.ArrowException, OSError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise DataError(f"{path}: cannot be read as Parquet ({said}); copy it again") from None
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise DataError(f"{path}: has no column {missing[0]!r}; counts.parquet has {', '.join(COLUMNS)}")
    for name in COLUMNS:
        is_text = name in ("candidate", "phase", "benchmark", "problem_id")
        fits = (
            all(isinstance(cell, str) for cell in set(table[name].tolist())) if is_text else table[name].dtype.kind in "iu"
        )
        if not fits:
            kind = "text" if is_text else "whole numbers"
            raise DataError(f"{path}: column {name!r} is not all {kind}; copy the file again")
    wrong = np.flatnonzero(
        (table["num_correct"] < 0) | (table["num_correct"] > table["num_samples"]) | (table["num_samples"] < 1)
    )
    if len(wrong):
        c, n = (int(table[name][wrong[0]]) for name in ("num_correct", "num_samples"))
        raise DataError(
            f"{path}: row {wrong[0] + 1} has {c} right of {n} samples; counts lie between 0 and the samples drawn"
        )
    return {
        **table,
        "num_correct": table["num_correct"].astype(np.int64),
        "num_samples": table["num_samples"].astype(np.int64),
    }


def _codes(column: NDArray[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Number a column's values in the order of first appearance."""
    place = {value: number for number, value in enumerate(dict.fromkeys(column.tolist()))}
    return np.fromiter((place[value] for value in column.tolist()), dtype=np.int64, count=len(column)), list(place)


def _phases(one: Measured) -> Iterator[tuple[str, Phase]]:
    yield "pre", one.pre
    for step, phase in one.along.items():
        yield f"at{step}", phase
    if one.post:
        yield "post", one.post
