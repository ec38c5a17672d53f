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


def spearman(x: Column, y: Column, weights: Floats) -> Floats:
    """Spearman's rho (tie-corrected: Pearson's r of midranks), shape (resamples,); NaN where a side is constant."""
    # A midrank less the mean rank is half the sum of signs against all that were drawn, which no rounding touches.
    return _correlation(weights @ (x.signs / 2.0), weights @ (y.signs / 2.0), weights)


def pearson(x: Column, y: Column, weights: Floats) -> Floats:
    """Pearson's r, shape (resamples,); NaN where a side is constant. Its square is the straight line's R2."""
    return _pearson(x, y, weights, _untied(x, weights), _untied(y, weights))


def kendall(x: Column, y: Column, weights: Floats) -> Floats:
    """Kendall's tau-b, shape (resamples,); NaN where a side is constant."""
    untied = _untied(x, weights) * _untied(y, weights)
    return _divide(_pairs(x.signs * y.signs, weights), np.sqrt(untied))


def decision_accuracy(x: Column, y: Column, weights: Floats) -> Floats:
    """Share of the pairs with unlike outcomes `y` that `x` orders rightly, its ties as half; shape (resamples,).

    DataDecide (arXiv 2504.11393). NaN where all outcomes are alike.
    """
    return 0.5 + 0.5 * _divide(_pairs(x.signs * y.signs, weights), _untied(y, weights))


def top1_regret(x: Column, y: Column, weights: Floats) -> Floats:
    """Outcome of the best candidate less that of the one `x` picks (mean over its ties), in outcome points."""
    drawn = weights > 0.0
    falling = np.argsort(-y.values)
    best = y.values[falling][drawn[:, falling].argmax(axis=1)]
    _, group = np.unique(-x.values, return_inverse=True)
    member = (group[:, None] == np.arange(group.max() + 1)).astype(np.float64)
    count = weights @ member
    first = (count > 0.0).argmax(axis=1)[:, None]
    total = np.take_along_axis(weights @ (member * y.values[:, None]), first, axis=1)[:, 0]
    regret: Floats = best - _divide(total, np.take_along_axis(count, first, axis=1)[:, 0])
    return np.maximum(regret, 0.0)


STATISTICS = ("spearman", "pearson", "kendall", "decision_accuracy", "top1_regret")
"""The rows `associations` returns."""


def associations(x: Column, y: Column, weights: Floats) -> Floats:
    """Return all of `STATISTICS` at half the work of one after the other, shape (5, resamples)."""
    untied_x, untied_y = _untied(x, weights), _untied(y, weights)
    agreed = _pairs(x.signs * y.signs, weights)
    return np.stack(
        [
            spearman(x, y, weights),
            _pearson(x, y, weights, untied_x, untied_y),
            _divide(agreed, np.sqrt(untied_x * untied_y)),
            0.5 + 0.5 * _divide(agreed, untied_y),
            top1_regret(x, y, weights),
        ]
    )


def _pearson(x: Column, y: Column, weights: Floats, untied_x: Floats, untied_y: Floats) -> Floats:
    """Pearson's r; rounding leaves a constant column a spread of its own, so its untied pairs tell."""
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
    dx = x.values - (weights @ x.values)[:, None] / total
    dy = y.values - (weights @ y.values)[:, None] / total
    return np.where((untied_x > 0.0) & (untied_y > 0.0), _correlation(dx, dy, weights), np.nan)


def _correlation(dx: Floats, dy: Floats, weights: Floats) -> Floats:
    """Pearson's r of centred columns, shape (resamples,)."""
    wx, wy = weights * dx, weights * dy
    spread = np.sqrt(np.einsum("ri,ri->r", wx, dx) * np.einsum("ri,ri->r", wy, dy))
    return np.clip(_divide(np.einsum("ri,ri->r", wx, dy), spread), -1.0, 1.0)


def _untied(column: Column, weights: Floats) -> Floats:
    """Count the ordered pairs of each resample that the column tells apart, shape (resamples,)."""
    return _pairs(np.abs(column.signs), weights)


def _pairs(matrix: Floats, weights: Floats) -> Floats:
    """Sum a matrix over all ordered pairs of each resample, shape (resamples,)."""
    total: Floats = np.einsum("ri,ri->r", weights @ matrix, weights)
    return total


def _divide(above: Floats, under: Floats) -> Floats:
    """Divide; NaN where the divisor is 0."""
    ratio: Floats = np.divide(above, under, out=np.full(above.shape, np.nan), where=under > 0.0)
    return ratio
