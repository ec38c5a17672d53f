"""Token-weighted means with whole traces (or problems) as the units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.estimators.estimate import Estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def weighted_mean(totals: ArrayLike, weights: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate sum(totals) / sum(weights), a token-weighted mean, with units resampled whole.

    The variance is the ratio estimator's, linearised: n / (n-1) * sum (t_i - r w_i)^2 / (sum w)^2 (Cochran 1977,
    section 6.3), with a Student t interval on n-1 degrees of freedom. Tokens of one trace are not independent;
    traces are.

    Args:
        totals: sums over the tokens of each unit, shape (units,): its negative log-likelihood, say.
        weights: tokens of each unit, shape (units,), positive in sum.
        level: nominal coverage.

    Raises:
        DataError: no units, no tokens, or a total that is not finite.
    """
    from scipy.special import stdtrit

    total, weight = np.asarray(totals, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if not total.size or weight.sum() <= 0.0:
        raise DataError("mean over tokens: there are no tokens; score at least one trace")
    if not np.isfinite(total).all():
        at = int(np.flatnonzero(~np.isfinite(total))[0])
        raise DataError(f"mean over tokens: unit number {at} has the total {total[at]}; it must be finite")
    value = float(total.sum() / weight.sum())
    units = int(total.size)
    if units == 1:
        return Estimate(value=value, level=level, reason="one trace gives no interval")
    residual = total - value * weight
    error = (units / (units - 1) * float(residual @ residual)) ** 0.5 / float(weight.sum())
    half = float(stdtrit(units - 1, (1.0 + level) / 2.0)) * error
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        method="Student t, ratio estimator, clustered by trace",
        level=level,
    )
