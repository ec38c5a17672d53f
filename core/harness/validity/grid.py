"""Spearman's rho of many columns with many outcomes, in one pass over the same resamples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import DataError
from harness.estimators import Estimate
from harness.validity.association import prepare
from harness.validity.column import MOST_CANDIDATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from harness.validity.association import Floats
    from harness.validity.measure import Terms

BLOCK_NUMBERS = 400_000
"""Ranks worked out at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RhoGrid:
    """Rho of every column with every outcome, of the data and of each resample."""

    values: Floats
    """Shape (columns, outcomes); NaN where undefined."""
    replicates: Floats
    """Shape (resamples, columns, outcomes); NaN where undefined, or where too few candidates have both."""
    sizes: NDArray[np.int64]
    """Candidates that have both, shape (columns, outcomes)."""
    terms: Terms

    def estimate(self, column: int, outcome: int) -> Estimate:
        """Return one rho with its percentile interval."""
        return self._interval(self.values[column, outcome], self.replicates[:, column, outcome], self.sizes[column, outcome])

    def difference(self, column: int, reference: int, outcome: int) -> Estimate:
        """Return rho of `column` less rho of `reference`, paired; both columns must lack the same candidates."""
        gap = self.values[column, outcome] - self.values[reference, outcome]
        moved = self.replicates[:, column, outcome] - self.replicates[:, reference, outcome]
        return self._interval(gap, moved, self.sizes[column, outcome])

    def mean(self, column: int) -> Estimate:
        """Return the mean rho of a column over the outcomes; they share the resamples, so their dependence is kept."""
        return self._interval(self.values[column].mean(), self.replicates[:, column].mean(axis=1), self.sizes[column].min())

    def _interval(self, value: float, replicates: Floats, size: int) -> Estimate:
        """Put a percentile interval around a value, or say why there is none."""
        level, fewest = self.terms.level, self.terms.min_candidates
        if not np.isfinite(value):
            said = (
                "fewer than 3 candidates have both a reading and an outcome"
                if size < 3
                else "the readings or the outcomes are all alike"
            )
            return Estimate(value=None, level=level, reason=said)
        if size < fewest:
            return Estimate(value=float(value), level=level, reason=f"insufficient (n < {fewest})")
        return self.terms.interval(float(value), replicates)


def rho_grid(columns: Sequence[ArrayLike], outcomes: Sequence[ArrayLike], terms: Terms) -> RhoGrid:
    """Correlate every column with every outcome under the board's resamples.

    The same numbers as `harness.validity.association.spearman` one pair at a time; the ranks of each column are worked out
    once a resample instead of once a pair.

    Args:
        columns: shape (columns, candidates), as claimed (higher is better); NaN where there is no reading.
        outcomes: shape (outcomes, candidates); NaN where there is no outcome.
        terms: the resamples and the level.

    Raises:
        DataError: more candidates than can be compared in pairs.
    """
    left, right = np.asarray(columns, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
    if left.shape[1] > MOST_CANDIDATES:
        raise DataError(f"validity: {left.shape[1]} candidates; at most {MOST_CANDIDATES} can be judged together")
    known_left, known_right = np.isfinite(left), np.isfinite(right)
    weights = terms.resamples.weights
    values = np.full((len(left), len(right)), np.nan)
    sizes = np.zeros(values.shape, dtype=np.int64)
    replicates = np.full((len(weights), *values.shape), np.nan)
    for own in np.unique(known_left, axis=0):
        rows = np.flatnonzero((known_left == own).all(axis=1))
        for other in np.unique(known_right, axis=0):
            places = np.flatnonzero((known_right == other).all(axis=1))
            both = own & other
            cells = np.ix_(rows, places)
            sizes[cells] = both.sum()
            if both.sum() < 3:
                continue
            x, y = left[np.ix_(rows, both)], right[np.ix_(places, both)]
            values[cells] = _rho(x, y, np.ones((1, int(both.sum()))))[0]
            if both.sum() >= terms.min_candidates:
                replicates[:, rows[:, None], places] = _in_blocks(x, y, weights[:, both])
    return RhoGrid(values=values, replicates=replicates, sizes=sizes, terms=terms)


def brief(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as JSON without method and level, which one table states once."""
    return {name: part for name, part in estimate.to_json().items() if name not in ("method", "level")}


def _in_blocks(x: Floats, y: Floats, weights: NDArray[np.int16]) -> Floats:
    """Correlate block by block of resamples: small enough for the cache, which also bounds memory."""
    block = max(1, BLOCK_NUMBERS // ((len(x) + len(y)) * x.shape[1]))
    starts = range(0, len(weights), block)
    return np.concatenate([_rho(x, y, weights[start : start + block].astype(np.float64)) for start in starts])


def _rho(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Return rho of each row of x with each row of y, shape (resamples, rows of x, rows of y)."""
    first, second = _centred_ranks(x, weights), _centred_ranks(y, weights)
    weighted = second * weights[:, None, :]
    spread_first = np.einsum("rci,rci->rc", first * weights[:, None, :], first)
    spread_second = np.einsum("rci,rci->rc", weighted, second)
    spread = np.sqrt(spread_first[:, :, None] * spread_second[:, None, :])
    rho = np.divide(first @ weighted.transpose(0, 2, 1), spread, out=np.full(spread.shape, np.nan), where=spread > 0.0)
    return np.asarray(np.clip(rho, -1.0, 1.0), dtype=np.float64)


def _centred_ranks(values: Floats, weights: Floats) -> Floats:
    """Return midranks less their mean, shape (resamples, rows, candidates): half the sum of signs against all drawn."""
    signs = np.concatenate([prepare(row).signs for row in values], axis=1) / 2.0
    return (weights @ signs).reshape(len(weights), *values.shape)
