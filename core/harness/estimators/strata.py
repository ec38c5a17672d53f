"""The mean over benchmarks of the mean over problems, and its standard error with problems as units.

The benchmarks are fixed strata of equal weight; problems are independent draws within each. So
V = sum_b s_b^2 / n_b / B^2, with Satterthwaite's degrees of freedom (1946). A benchmark with one problem has no variance of
its own: several such are treated as one stratum (collapsed strata: conservative, differences between them count as noise);
a single one borrows the pooled variance of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ROUNDING = 1e-12
"""Differences below this are rounding: the numbers averaged are shares, or sums of a few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StratifiedMean:
    """A mean with what an interval needs."""

    value: float
    variance: float | None
    """Of the mean; None with one problem in all."""
    freedom: float
    """Satterthwaite's degrees of freedom; 0 where the variance is 0 or None."""
    num_problems: int


def stratified_mean(strata: Sequence[NDArray[np.float64]]) -> StratifiedMean:
    """Average each stratum, then the strata, and estimate the variance of that.

    Args:
        strata: one array of shape (problems,) a benchmark, none empty.
    """
    means = np.array([values.mean() for values in strata])
    parts = _variances(strata)
    variance = None if parts is None else float(sum(part for part, _ in parts)) / len(strata) ** 2
    spread = 0.0 if parts is None else sum(part**2 / free for part, free in parts) / len(strata) ** 4
    return StratifiedMean(
        value=float(means.mean()),
        variance=variance,
        freedom=variance**2 / spread if variance and spread > 0.0 else 0.0,
        num_problems=sum(len(values) for values in strata),
    )


def _variances(strata: Sequence[NDArray[np.float64]]) -> list[tuple[float, int]] | None:
    """Return (variance of the stratum's mean, its degrees of freedom); collapsed singletons come as one sum."""
    large = [values for values in strata if len(values) > 1]
    alone = np.array([values[0] for values in strata if len(values) == 1])
    parts = [(_variance(values) / len(values), len(values) - 1) for values in large]
    if len(alone) > 1:
        parts.append((_variance(alone) * len(alone), len(alone) - 1))
    elif len(alone) == 1:
        if not large:
            return None
        freedom = sum(len(values) - 1 for values in large)
        pooled = sum(_variance(values) * (len(values) - 1) for values in large) / freedom
        parts.append((pooled, freedom))
    return parts


def _variance(values: NDArray[np.float64]) -> float:
    """Return the sample variance; numbers that are equal but for rounding have none.

    The mean of ten times 0.3 is not 0.3 in floating point, and a variance of 1e-33 would make an interval of no width.
    """
    if float(np.ptp(values)) <= ROUNDING * max(1.0, float(np.abs(values).max())):
        return 0.0
    return float(values.var(ddof=1))
