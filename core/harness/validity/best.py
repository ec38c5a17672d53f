"""How probable it is that each candidate is the best one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.validity.matrix import problem_matrices, resampled_means

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.values import Counts


def probability_best(
    counts_by_candidate: Mapping[str, Sequence[Counts]], k: int, *, resamples: int = 10_000, seed: int = 0
) -> dict[str, float]:
    """Return the share of problem resamples in which each candidate has the highest mean pass@k.

    Problems are resampled within each benchmark, the same draw for all candidates (paired); ties share. It speaks of other
    problems of the same kind, not of other training seeds, and a share of resamples is not a posterior: near 0 and 1 it is
    too sure where problems are few.

    Args:
        counts_by_candidate: the same benchmarks and problems for all; several entries of one benchmark (seeds) are
            averaged by problem.
        k: of pass@k.
        resamples: how many.
        seed: of the resamples.

    Returns:
        Shares by candidate, in the mapping's order; they sum to 1.

    Raises:
        TooFewSamplesError: some problem has fewer than k samples.
        DataError: no candidates, or candidates that differ in benchmarks or problems.
    """
    rng = np.random.default_rng(seed)
    matrices = problem_matrices(counts_by_candidate, k)
    means = sum(resampled_means(values, resamples, rng) for values in matrices.values())
    scores = np.asarray(means) / len(matrices)
    # Equal sums in another order differ by rounding.
    winners = scores >= scores.max(axis=1, keepdims=True) - 1e-12
    shares = (winners / winners.sum(axis=1, keepdims=True)).mean(axis=0)
    return dict(zip(counts_by_candidate, shares.tolist(), strict=True))
