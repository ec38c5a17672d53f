"""Several candidates' per-problem values side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.estimators import problem_values
from harness.estimators.problems import aligned

if TYPE_CHECKING:
    from harness.validity.association import Floats
    from harness.values import Counts


def problem_matrices(counts_by_candidate: Mapping[str, Sequence[Counts]], k: int) -> dict[str, Floats]:
    """Return pass@k of each candidate on each problem, by benchmark, shape (candidates, problems) each.

    Candidates keep the mapping's order; benchmarks and problems the first candidate's. Several entries of one benchmark
    (seeds) are averaged by problem.

    Raises:
        TooFewSamplesError: some problem has fewer than k samples.
        DataError: no candidates, or candidates that differ in benchmarks or problems.
    """
    if not counts_by_candidate:
        raise DataError("counts: there are no candidates; give at least one")
    tables = {
        name: {entry.benchmark: entry for entry in problem_values(counts, k)} for name, counts in counts_by_candidate.items()
    }
    first_name, first = next(iter(tables.items()))
    for name, table in tables.items():
        unmatched = sorted(set(first).symmetric_difference(table))
        if unmatched:
            raise DataError(
                f"counts: benchmark {unmatched[0]!r} was measured for only one of {first_name!r} and {name!r}; "
                "compare candidates on the same benchmarks"
            )
    return {
        benchmark: np.stack([aligned(table[benchmark], entry.problem_ids) for table in tables.values()])
        for benchmark, entry in first.items()
    }


def resampled_means(values: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Draw problems with replacement and return each candidate's mean, shape (resamples, candidates), in blocks.

    Args:
        values: shape (candidates, problems); candidates share each resample, so they stay paired.
        resamples: how many.
        rng: the source of draws.
    """
    size = values.shape[1]
    means = np.empty((resamples, values.shape[0]))
    # Blocks that stay in the cache; floats, because numpy multiplies integers without BLAS.
    block = max(1, 100_000 // size)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        drawn = rng.integers(0, size, (rows, size)) + np.arange(rows)[:, None] * size
        weights = np.bincount(drawn.ravel(), minlength=rows * size).reshape(rows, size).astype(np.float64)
        means[start : start + rows] = weights @ values.T / size
    return means
