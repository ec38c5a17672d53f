"""Per-problem pass@k, grouped by benchmark: problems are the units of every interval, benchmarks the strata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.estimators.pass_at_k import pass_at_k

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.values import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemValues:
    """One number a problem of one benchmark."""

    benchmark: str
    problem_ids: tuple[str, ...]
    values: NDArray[np.float64]
    """Shape (problems,)."""


def problem_values(counts: Sequence[Counts], k: int) -> list[ProblemValues]:
    """Return pass@k of every problem, benchmark by benchmark.

    A benchmark that occurs more than once (the counts of several seeds) is averaged problem by problem: the mean over
    seeds of pass@k, never pass@k of pooled samples. The seeds are then fixed, not a source of variance.

    Args:
        counts: at least one entry; order of first occurrence is kept.
        k: at least 1.

    Raises:
        TooFewSamplesError: some n < k.
        DataError: no problems, or entries of one benchmark with different problems.
    """
    if not counts:
        raise DataError("counts: no benchmark was measured; give at least one")
    return average_entries(
        [
            ProblemValues(
                benchmark=entry.benchmark,
                problem_ids=entry.problem_ids,
                values=pass_at_k(entry.num_correct, entry.num_samples, k, problem_ids=entry.problem_ids),
            )
            for entry in counts
        ]
    )


def average_entries(entries: Sequence[ProblemValues]) -> list[ProblemValues]:
    """Average the entries of each benchmark by problem; benchmarks come in order of first occurrence.

    Raises:
        DataError: a benchmark without problems, or entries of one benchmark with different problems.
    """
    by_name: dict[str, list[ProblemValues]] = {}
    for entry in entries:
        by_name.setdefault(entry.benchmark, []).append(entry)
    return [_average(name, found) for name, found in by_name.items()]


def _average(benchmark: str, entries: Sequence[ProblemValues]) -> ProblemValues:
    """Average the entries of one benchmark by problem."""
    ids = entries[0].problem_ids
    if not ids:
        raise DataError(f"counts: benchmark {benchmark!r} has no problems; give at least one")
    total = np.zeros(len(ids))
    for entry in entries:
        total += aligned(entry, ids)
    return ProblemValues(benchmark=benchmark, problem_ids=ids, values=total / len(entries))


def aligned(values: ProblemValues, ids: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the values in the order of `ids`.

    Raises:
        DataError: the two do not hold the same problems, each once.
    """
    if values.problem_ids == ids:
        return values.values
    place = {problem: at for at, problem in enumerate(values.problem_ids)}
    unmatched = sorted(set(ids).symmetric_difference(place))
    if unmatched or not len(place) == len(ids) == len(values.problem_ids):
        which = f"problem {unmatched[0]!r} is on one side only" if unmatched else "a problem occurs twice"
        raise DataError(f"counts: benchmark {values.benchmark!r}: {which}; compare counts of the same problems, each once")
    return values.values[[place[problem] for problem in ids]]
