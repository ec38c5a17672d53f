"""How two columns go together, under every resample at once.

A resample of n candidates is a row of weights: how often each was drawn. Every statistic here is a function of such rows, so
ten thousand resamples are a few matrix products, and the statistic of the data itself is the row of ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column with what its ranks and pairs need, worked out once."""

    values: Floats
    """Shape (n,), finite."""
    below: Floats
    """below[j, i]: 1 where j is under i, 1/2 where they tie; shape (n, n)."""
    signs: Floats
    """sign(values[i] - values[j]); shape (n, n)."""


def prepare(values: Floats) -> Column:
    """Compare each value with each."""
    signs = np.sign(values[None, :] - values[:, None])
    return Column(values=values, below=(signs + 1.0) / 2.0, signs=signs)


def midranks(column: Column, weights: Floats) -> Floats:
    """Return each candidate's rank in each resample, ties at their mean, as scipy.stats.rankdata has it.

    Shape (resamples, n); entries of weight 0 hold the rank they would take between the others, and count for nothing.
    """
    ranks: Floats = weights @ column.below + 0.5
    return ranks


def spearman(x: Column, y: Column, weights: Floats) -> Floats:
    """Spearman's rho (tie-corrected: Pearson's r of midranks), shape (resamples,); NaN where a side is constant."""
    middle = (weights.sum(axis=1, keepdims=True) + 1.0) / 2.0
    return _correlation(midranks(x, weights) - middle, midranks(y, weights) - middle, weights)


def pearson(x: Column, y: Column, weights: Floats) -> Floats:
    """Pearson's r, shape (resamples,); NaN where a side is constant. Its square is the straight line's R2."""
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
    dx = x.values - (weights @ x.values)[:, None] / total
    dy = y.values - (weights @ y.values)[:, None] / total
    # Rounding leaves a constant column a spread of its own; its pairs tell.
    varies = (_pairs(np.abs(x.signs), weights) > 0.0) & (_pairs(np.abs(y.signs), weights) > 0.0)
    return np.where(varies, _correlation(dx, dy, weights), np.nan)


def kendall(x: Column, y: Column, weights: Floats) -> Floats:
    """Kendall's tau-b, shape (resamples,); NaN where a side is constant."""
    untied = _pairs(np.abs(x.signs), weights) * _pairs(np.abs(y.signs), weights)
    return _divide(_pairs(x.signs * y.signs, weights), np.sqrt(untied))


def decision_accuracy(x: Column, y: Column, weights: Floats) -> Floats:
    """Share of the pairs with unlike outcomes `y` that `x` orders rightly, its ties as half; shape (resamples,).

    DataDecide (arXiv 2504.11393). NaN where all outcomes are alike.
    """
    agreement = _divide(_pairs(x.signs * y.signs, weights), _pairs(np.abs(y.signs), weights))
    return 0.5 + 0.5 * agreement


def top1_regret(x: Column, y: Column, weights: Floats) -> Floats:
    """Outcome of the best candidate less that of the one `x` picks (mean over its ties), in outcome points."""
    drawn = weights > 0.0
    best = np.where(drawn, y.values, -np.inf).max(axis=1)
    score = np.where(drawn, x.values, -np.inf)
    picked = weights * (score == score.max(axis=1, keepdims=True))
    regret: Floats = best - _divide(picked @ y.values, picked.sum(axis=1))
    return np.maximum(regret, 0.0)


def _correlation(dx: Floats, dy: Floats, weights: Floats) -> Floats:
    """Pearson's r of centred columns, shape (resamples,)."""
    wx = weights * dx
    spread = np.sqrt(np.einsum("ri,ri->r", wx, dx) * np.einsum("ri,ri,ri->r", weights, dy, dy))
    return np.clip(_divide(np.einsum("ri,ri->r", wx, dy), spread), -1.0, 1.0)


def _pairs(matrix: Floats, weights: Floats) -> Floats:
    """Sum a matrix over all ordered pairs of each resample, shape (resamples,)."""
    total: Floats = np.einsum("ri,ri->r", weights @ matrix, weights)
    return total


def _divide(above: Floats, under: Floats) -> Floats:
    """Divide; NaN where the divisor is 0."""
    ratio: Floats = np.divide(above, under, out=np.full(above.shape, np.nan), where=under > 0.0)
    return ratio
