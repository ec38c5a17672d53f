"""Mean pass@k over benchmarks with an interval that holds near 0 and 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.estimators.estimate import Estimate
from harness.estimators.problems import problem_values
from harness.estimators.strata import StratifiedMean, stratified_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.values import Counts

KORN_GRAUBARD = "Korn-Graubard, clustered by problem"
"""What `method` says of intervals made here."""


def mean_pass_at_k(counts: Sequence[Counts], k: int, *, level: float = 0.95) -> Estimate:
    """Estimate the unweighted mean over benchmarks of the mean pass@k over problems.

    Problems are the units and benchmarks the strata: 30 problems x 256 samples are 30 points (Miller 2024, arXiv
    2411.00640). The interval is Korn and Graubard's (1998, Survey Methodology 24): Clopper-Pearson at the
    effective sample size p(1-p)/V, scaled by the t quantiles. In simulations over Beta-distributed problems it
    covered at least as well as the clipped t interval in every case but one (one problem a benchmark), and clearly
    better near 0 and 1; under about 30 very unequal problems it still covers less than it says.

    Args:
        counts: one entry a benchmark; entries of the same benchmark (several seeds) are averaged by problem.
        k: at least 1; every problem needs k samples.
        level: nominal coverage.

    Returns:
        Value and interval within [0, 1]; without an interval where there is only one problem.

    Raises:
        TooFewSamplesError: some problem has fewer than k samples.
        DataError: nothing was measured, or entries of one benchmark differ in their problems.
    """
    strata = [entry.values for entry in problem_values(counts, k)]
    return share_estimate(stratified_mean(strata), level)


def benchmark_pass_at_k(counts: Sequence[Counts], k: int, *, level: float = 0.95) -> dict[str, Estimate]:
    """Estimate the mean pass@k of each benchmark by itself; see `mean_pass_at_k`."""
    return {entry.benchmark: share_estimate(stratified_mean([entry.values]), level) for entry in problem_values(counts, k)}


def share_estimate(mean: StratifiedMean, level: float) -> Estimate:
    """Put Korn and Graubard's interval around a mean of numbers in [0, 1].

    Where all problems agree exactly there is no variance to go by, and the number of problems stands in for the effective
    sample size.
    """
    from scipy.special import betaincinv, stdtrit

    if mean.variance is None:
        return Estimate(value=mean.value, level=level, reason="one problem gives no interval")
    tail = (1.0 - level) / 2.0
    size = float(mean.num_problems)
    if mean.freedom and 0.0 < mean.value < 1.0:
        scale = stdtrit(mean.num_problems - 1, 1.0 - tail) / stdtrit(mean.freedom, 1.0 - tail)
        size = mean.value * (1.0 - mean.value) / mean.variance * float(scale) ** 2
    right, wrong = mean.value * size, (1.0 - mean.value) * size
    low = float(betaincinv(right, wrong + 1.0, tail)) if right > 0.0 else 0.0
    high = float(betaincinv(right + 1.0, wrong, 1.0 - tail)) if wrong > 0.0 else 1.0
    return Estimate(value=mean.value, low=low, high=high, method=KORN_GRAUBARD, level=level)
