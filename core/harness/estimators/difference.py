"""Differences of pass@k, paired by problem: the problems' difficulty drops out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.estimators.estimate import Estimate
from harness.estimators.problems import aligned, problem_values
from harness.estimators.strata import StratifiedMean, stratified_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from harness.values import Counts


def paired_difference(
    a: Sequence[Counts], b: Sequence[Counts], k: int, *, k_b: int | None = None, level: float = 0.95
) -> Estimate:
    """Estimate mean pass@k of `a` minus that of `b` on the same problems, paired by problem id.

    The mean over benchmarks of the mean over problems of the differences, with a Student t interval on Satterthwaite's
    degrees of freedom, problems as units and benchmarks as strata. Where no problem differs, the interval is what
    Clopper-Pearson allows for the share of problems that might: +-(1 - (tail)^(1/problems)).

    Args:
        a: one entry a benchmark (several entries of one benchmark are averaged by problem).
        b: the same benchmarks and problems, in any order.
        k: for `a`, and for `b` where `k_b` is not given.
        k_b: another k for `b`; the counts of one candidate with k=64, k_b=1 give its headroom.
        level: nominal coverage.

    Raises:
        TooFewSamplesError: some problem has fewer than k samples.
        DataError: the two do not hold the same benchmarks and problems.
    """
    return difference_estimate(stratified_mean(paired_strata(a, b, k, k_b or k)), level)


def paired_strata(a: Sequence[Counts], b: Sequence[Counts], k: int, k_b: int) -> list[NDArray[np.float64]]:
    """Return the differences by problem, one array a benchmark, in the order of `a`."""
    left = problem_values(a, k)
    right = {entry.benchmark: entry for entry in problem_values(b, k_b)}
    unmatched = sorted({entry.benchmark for entry in left}.symmetric_difference(right))
    if unmatched:
        raise DataError(f"counts: benchmark {unmatched[0]!r} is on one side only; compare the same benchmarks")
    return [entry.values - aligned(right[entry.benchmark], entry.problem_ids) for entry in left]


def difference_estimate(mean: StratifiedMean, level: float) -> Estimate:
    """Put a t interval around a mean of differences in [-1, 1]."""
    from scipy.special import stdtrit

    if mean.variance is None:
        return Estimate(value=mean.value, level=level, reason="one problem gives no interval")
    tail = (1.0 - level) / 2.0
    if mean.freedom:
        half = float(stdtrit(mean.freedom, 1.0 - tail)) * mean.variance**0.5
        method = "Student t on paired differences, clustered by problem"
    else:
        half = 1.0 - tail ** (1.0 / mean.num_problems)
        method = "exact bound on the share of problems that differ (none did)"
    return Estimate(
        value=mean.value,
        low=max(mean.value - half, -1.0),
        high=min(mean.value + half, 1.0),
        method=method,
        level=level,
    )
