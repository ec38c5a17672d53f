"""How probable it is that each candidate is the best on these problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from harness.racing.rule import Floats

QUANTILES = 1000
"""Points of the integral over each candidate's own distribution."""
NEGLIGIBLE = 1e-6
"""Below this the integral leaves out tails as large as what it finds."""


def chances(values: Floats, variances: Floats) -> Floats:
    """Return the posterior probability of each candidate to have the highest true value; they sum to 1, shape (candidates,).

    Gaussian errors of the given variances, and a Gaussian population of candidates whose mean and spread are estimated from
    these same values (empirical Bayes; two or three candidates tell too little of a spread, and it is taken as unbounded).
    The likelihood is what it is whenever sampling stopped, so the probabilities need no correction for the stopping rule.

    Args:
        values: estimates, shape (candidates,).
        variances: of their sampling errors, positive.
    """
    from scipy.special import ndtr, ndtri

    centre, spread = population(values, variances)
    share = 1.0 / (1.0 + variances / spread) if spread > 0.0 else np.zeros(len(values))
    means = centre + share * (values - centre)
    errors = np.sqrt(np.maximum(share * variances, np.finfo(float).tiny))
    points = means[:, None] + errors[:, None] * ndtri((np.arange(QUANTILES) + 0.5) / QUANTILES)
    below = ndtr((points[:, :, None] - means) / errors)
    own = np.arange(len(values))
    below[own, :, own] = 1.0
    found = below.prod(axis=2).mean(axis=1)
    found = np.where(found < NEGLIGIBLE, 0.0, found)
    chance: Floats = found / found.sum()
    return chance


def population(values: Floats, variances: Floats) -> tuple[float, float]:
    """Estimate mean and variance of the true values among candidates (Paule and Mandel 1982, J. Res. NBS 87).

    The variance is infinite with fewer than four candidates, and 0 where the values scatter no more than their errors.
    """
    from scipy.optimize import brentq

    size = len(values)
    if size < 4:
        return float(values.mean()), np.inf

    def excess(spread: float) -> float:
        weights = 1.0 / (variances + spread)
        centre = (weights * values).sum() / weights.sum()
        return float((weights * (values - centre) ** 2).sum()) - (size - 1)

    most = float(((values - values.mean()) ** 2).sum()) + float(variances.max())
    spread = float(brentq(excess, 0.0, most)) if excess(0.0) > 0.0 else 0.0
    weights = 1.0 / (variances + spread)
    return float((weights * values).sum() / weights.sum()), spread
