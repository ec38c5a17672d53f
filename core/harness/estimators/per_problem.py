"""The mean over benchmarks of the mean over problems of any per-problem number, with an interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.estimators.estimate import Estimate
from harness.estimators.problems import average_entries
from harness.estimators.strata import StratifiedMean, stratified_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.estimators.problems import ProblemValues

LARGEST_SIZE = 1e12
"""Effective sample size above which the Beta quantiles lose their digits, and the t interval is the same."""


def mean_over_problems(
    values: Sequence[ProblemValues], *, low: float = 0.0, high: float = 1.0, level: float = 0.95
) -> Estimate:
    """Estimate the unweighted mean over benchmarks of the mean over problems of the given numbers.

    Problems are the units and benchmarks the strata, as in `mean_pass_at_k`. With both bounds finite the interval is Korn
    and Graubard's (1998, Survey Methodology 24) on (value - low) / (high - low), with the effective sample size scaled by
    (z / t)^2 on Satterthwaite's degrees of freedom: where problems differ little for their bounds it is then the t interval,
    which their own (t_{n-1} / t)^2 would make too narrow. In simulations of four statistics under four distributions of the
    pass rate it covered at least as well as the clipped t interval throughout. With an infinite bound it is the clipped t
    interval. Where no two problems of a benchmark differ, at most 1 - (tail)^(1/problems) of them might, and the interval
    is what those could move the mean by.

    Args:
        values: one entry a benchmark; entries of the same benchmark (several seeds) are averaged by problem.
        low: no problem's number can lie below it.
        high: no problem's number can lie above it; may be infinite, and then equal problems give no interval.
        level: nominal coverage.

    Raises:
        DataError: no benchmark or no problems, a number that is not finite, or entries of one benchmark whose problems
            differ.
    """
    if not values:
        raise DataError("per-problem values: no benchmark was measured; give at least one")
    for entry in values:
        wrong = np.flatnonzero(~np.isfinite(entry.values))
        if wrong.size:
            at = int(wrong[0])
            raise DataError(
                f"per-problem values: problem {entry.problem_ids[at]!r} has {entry.values[at]}; give finite ones"
            )
    mean = stratified_mean([entry.values for entry in average_entries(values)])
    if mean.variance is None:
        return Estimate(value=mean.value, level=level, reason="one problem gives no interval")
    tail = (1.0 - level) / 2.0
    if not mean.freedom:
        return _all_alike(mean, low, high, tail)
    if math.isfinite(low) and math.isfinite(high) and low < mean.value < high:
        return _korn_graubard(mean, low, high, tail)
    return _student(mean, low, high, tail)


def _all_alike(mean: StratifiedMean, low: float, high: float, tail: float) -> Estimate:
    """Bound what problems that differ could do, of which none was seen."""
    level = 1.0 - 2.0 * tail
    if not (math.isfinite(low) and math.isfinite(high)):
        return Estimate(value=mean.value, level=level, reason="all problems read the same, which gives no interval")
    share = 1.0 - tail ** (1.0 / mean.num_problems)
    return Estimate(
        value=mean.value,
        low=mean.value - (mean.value - low) * share,
        high=mean.value + (high - mean.value) * share,
        method="exact bound on the share of problems that differ (none did)",
        level=level,
    )


def _korn_graubard(mean: StratifiedMean, low: float, high: float, tail: float) -> Estimate:
    """Put a Clopper-Pearson interval at the effective sample size, stretched from [0, 1] to [low, high]."""
    from scipy.special import betaincinv, ndtri, stdtrit

    span = high - low
    share = (mean.value - low) / span
    scale = float(ndtri(1.0 - tail) / stdtrit(mean.freedom, 1.0 - tail))
    size = share * (1.0 - share) * span**2 / (mean.variance or 0.0) * scale**2
    if size > LARGEST_SIZE:
        return _student(mean, low, high, tail)
    return Estimate(
        value=mean.value,
        low=low + span * float(betaincinv(share * size, (1.0 - share) * size + 1.0, tail)),
        high=low + span * float(betaincinv(share * size + 1.0, (1.0 - share) * size, 1.0 - tail)),
        method="Korn-Graubard, clustered by problem",
        level=1.0 - 2.0 * tail,
    )


def _student(mean: StratifiedMean, low: float, high: float, tail: float) -> Estimate:
    """Put a t interval around the mean and cut it at the bounds."""
    from scipy.special import stdtrit

    half = float(stdtrit(mean.freedom, 1.0 - tail)) * (mean.variance or 0.0) ** 0.5
    return Estimate(
        value=mean.value,
        low=max(mean.value - half, low),
        high=min(mean.value + half, high),
        method="Student t, clustered by problem",
        level=1.0 - 2.0 * tail,
    )
