"""Ways to foretell an outcome from a proxy: fitted on some candidates, asked of all, for every split at once.

Each takes the proxy as claimed (higher is better) `x` and the outcome `y`, shape (n,), and which candidates each split fits,
`fitted`, shape (splits, n); it returns a prediction for every candidate, shape (splits, n). Outcomes of candidates that are
not fitted are never looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.validity.association import prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from harness.validity.association import Floats

    Mask = NDArray[np.bool_]
    Predictor = Callable[[Floats, Floats, Mask], Floats]

MOST_MEANS = 4_000_000
"""Means (m^2 a split of m fitted) up to which all splits are pooled at once; above, one by one."""


def linear(x: Floats, y: Floats, fitted: Mask) -> Floats:
    """Predict by the least-squares line; by the fitted mean where the proxy is constant on the fitted."""
    inside = fitted.astype(np.float64)
    count = inside.sum(axis=1)
    dx, spread = _centred(x, inside, count)
    mean_y = inside @ y / count
    slope = np.einsum("si,si->s", inside * dx, y - mean_y[:, None])
    slope = np.divide(slope, spread, out=np.zeros(len(spread)), where=spread > 0.0)
    line: Floats = mean_y[:, None] + slope[:, None] * dx
    return line


def isotonic(x: Floats, y: Floats, fitted: Mask) -> Floats:
    """Predict by the best non-decreasing function: linear between the fitted proxies, constant beyond them.

    Least squares under the claimed order, by pooling adjacent violators (Barlow et al. 1972); candidates with equal proxies
    are pooled first.
    """
    order = np.argsort(x, kind="stable")
    sorted_x, chosen = x[order], fitted[:, order]
    size = chosen.sum(axis=1)
    place = np.argsort(~chosen, axis=1, kind="stable")[:, : size.max()]
    knots, heights = sorted_x[place], y[order][place]
    pool = _pool_together if place.size * place.shape[1] <= MOST_MEANS else _pool_in_turn
    heights = pool(knots, heights, size)
    reached = np.cumsum(chosen, axis=1)
    low, high = np.maximum(reached - 1, 0), np.minimum(reached, size[:, None] - 1)
    left, right = (np.take_along_axis(knots, at, axis=1) for at in (low, high))
    share = np.divide(sorted_x - left, right - left, out=np.zeros(low.shape), where=right > left)
    under, over = (np.take_along_axis(heights, at, axis=1) for at in (low, high))
    predicted = np.empty(fitted.shape)
    predicted[:, order] = under + np.clip(share, 0.0, 1.0) * (over - under)
    return predicted


def rank_only(x: Floats, y: Floats, fitted: Mask) -> Floats:
    """Predict by place alone: the candidate that is third of the fitted by proxy gets their third outcome.

    With m fitted, b of them below the candidate's proxy and e equal to it, its mid-quantile is u = (b + e/2) / m, and the
    prediction is the u-quantile of the fitted outcomes in Hazen's definition (numpy.quantile, method "hazen"): the outcomes
    in order, read at place u m - 1/2 counted from 0, linear between places, constant beyond. So a fitted proxy maps to the
    outcome of its own rank, and one between two neighbours to the mean of theirs.
    """
    size = fitted.sum(axis=1, keepdims=True)
    place = np.clip(fitted.astype(np.float64) @ prepare(x).below - 0.5, 0.0, size - 1.0)
    outcomes = np.sort(np.where(fitted, y, np.inf), axis=1)
    low = np.floor(place).astype(np.intp)
    under = np.take_along_axis(outcomes, low, axis=1)
    over = np.take_along_axis(outcomes, np.minimum(low + 1, size - 1), axis=1)
    predicted: Floats = under + (place - low) * (over - under)
    return predicted


PREDICTORS: dict[str, Predictor] = {"linear": linear, "isotonic": isotonic, "rank": rank_only}
"""The single-proxy predictors by name."""


def two_features(first: Floats, second: Floats, y: Floats, fitted: Mask) -> Floats:
    """Predict by least squares on two proxies and a constant.

    Where the fitted candidates do not tell the two apart: the solution of least norm on the standardised proxies.
    """
    inside = fitted.astype(np.float64)
    count = inside.sum(axis=1)
    centred = []
    for x in (first, second):
        dx, spread = _centred(x, inside, count)
        known = (spread > 0.0)[:, None]
        centred.append(np.divide(dx, np.sqrt(spread)[:, None], out=np.zeros(dx.shape), where=known))
    features = np.stack(centred, axis=2)
    mean_y = (inside @ y / count)[:, None]
    solver = np.linalg.pinv(features * inside[:, :, None], rcond=1e-10)
    slopes = np.einsum("sfi,si->sf", solver, inside * (y - mean_y))
    plane: Floats = mean_y + np.einsum("sif,sf->si", features, slopes)
    return plane


def _centred(x: Floats, inside: Floats, count: Floats) -> tuple[Floats, Floats]:
    """Return a proxy, on a scale of its own, less its fitted mean, shape (splits, n), and the fitted sum of its squares.

    The sum is 0 where the fitted proxies differ by no more than rounding, or by 1e-12 of what all of them do: a slope drawn
    from that foretells nothing.
    """
    largest = np.abs(x).max()
    scaled = x / largest if largest > 0.0 else x
    mean = inside @ scaled / count
    dx = scaled - mean[:, None]
    spread = np.einsum("si,si->s", inside * dx, dx)
    floor = 1e-24 * count * np.maximum(mean**2, np.ptp(scaled) ** 2)
    return dx, np.where(spread > floor, spread, 0.0)


def _pool_together(knots: Floats, heights: Floats, size: NDArray[np.intp]) -> Floats:
    """Fit all splits at once by the max-min formula: fit_i = max over a <= i of min over b >= i of mean(y_a .. y_b).

    Robertson, Wright and Dykstra (1988), theorem 1.4.4. a runs over the first, b over the last of a group of equal knots,
    which pools each group.

    Args:
        knots: the fitted proxies in order, shape (splits, m); what lies beyond a split's size is padding.
        heights: their outcomes, same shape.
        size: how many each split fits, shape (splits,).
    """
    m = knots.shape[1]
    valid = np.arange(m) < size[:, None]
    middle = np.where(valid, heights, 0.0).sum(axis=1, keepdims=True) / size[:, None]
    sums = np.pad(np.cumsum(np.where(valid, heights - middle, 0.0), axis=1), ((0, 0), (1, 0)))
    new = knots[:, 1:] != knots[:, :-1]
    edge = np.ones((len(knots), 1), dtype=np.bool_)
    first = np.concatenate([edge, new], axis=1) & valid
    last = (np.concatenate([new, edge], axis=1) & valid) | (np.arange(m) == size[:, None] - 1)
    spans = np.arange(m)[None, :] - np.arange(m)[:, None] + 1
    means = (sums[:, None, 1:] - sums[:, :-1, None]) / np.maximum(spans, 1)
    means[~(last[:, None, :] & (spans > 0))] = np.inf
    lowest = np.minimum.accumulate(means[:, :, ::-1], axis=2)[:, :, ::-1]
    fit: Floats = np.where(first[:, :, None] & (spans > 0), lowest, -np.inf).max(axis=1) + middle
    return fit


def _pool_in_turn(knots: Floats, heights: Floats, size: NDArray[np.intp]) -> Floats:
    """Fit split after split with SciPy; arguments as `_pool_together`'s."""
    from scipy.optimize import isotonic_regression

    fit = np.zeros(heights.shape)
    for split, count in enumerate(size):
        new = np.concatenate([[True], knots[split, 1:count] != knots[split, : count - 1]])
        group = np.cumsum(new) - 1
        weights = np.bincount(group).astype(np.float64)
        means = np.bincount(group, heights[split, :count]) / weights
        fit[split, :count] = isotonic_regression(means, weights=weights).x[group]
    return fit
