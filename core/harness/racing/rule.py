"""The rule by which candidates are stopped, for one race or many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def beaten(values: Floats, variances: Floats, freedoms: Floats, *, critical: float, step: float) -> NDArray[np.bool_]:
    """Say which candidates another one beats by more than chance allows at this look.

    Candidate j beats i where value_j - value_i exceeds the critical value times the error of the difference, plus
    (critical^2 - 1)/6 of a step for the skewness of counts (Cornish and Fisher's first term, at its most for sums of
    Bernoulli variables). The samples of two candidates are independent given the problems, so the variances add; engines
    that share random numbers between candidates make the samples alike and the rule cautious.

    Args:
        values: shape (..., candidates); NaN for those no longer in the race.
        variances: the same shape.
        freedoms: of the variances, broadcast to the same shape.
        critical: from `schedule.critical_value`.
        step: the most one sample can move a value.
    """
    gap = values[..., None] - values[..., None, :]
    both = variances[..., None] + variances[..., None, :]
    pooled = variances**2 / freedoms
    pooled = pooled[..., None] + pooled[..., None, :]
    freedom = np.divide(both**2, pooled, out=np.full(both.shape, np.inf), where=pooled > 0.0)
    margin = student(critical, freedom) * np.sqrt(both) + (critical**2 - 1.0) / 6.0 * step
    return np.asarray((gap > margin).any(axis=-2), dtype=np.bool_)


def student(score: float, freedom: Floats) -> Floats:
    """Turn a Gaussian quantile into Student's t, by its expansion (Abramowitz and Stegun 26.7.5, two terms)."""
    first = (score**3 + score) / 4.0
    second = (5.0 * score**5 + 16.0 * score**3 + 3.0 * score) / 96.0
    return score + first / freedom + second / freedom**2
