"""One proxy against one outcome: the statistics with their intervals, and the difference to another proxy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.estimators import Estimate
from harness.validity.association import STATISTICS, Column, associations, pearson, prepare, spearman
from harness.validity.interval import IntervalMethod, bootstrap_estimate, expanded_p
from harness.validity.judgement import VsBaseline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.validity.association import Floats
    from harness.validity.resamples import Draws, Resamples

    Statistic = Callable[[Column, Column, Floats], Floats]


BLOCK_NUMBERS = 30_000
"""Weights worked on at a time: a few arrays of that many stay in a core's own cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a board is judged."""

    resamples: Resamples
    method: IntervalMethod
    level: float
    min_candidates: int

    def interval(self, value: float, drawn: Floats, left_out: Floats | None = None, *, r_of: int | None = None) -> Estimate:
        """Put the board's interval around a value.

        Percentile, or BCa with `left_out`; expanded where whole families were drawn, and for Pearson's r.

        Args:
            value: of the data.
            drawn: of each resample, shape (resamples,).
            left_out: with each unit left out, shape (units,), for BCa.
            r_of: the number of candidates, where the value is Pearson's r.
        """
        return bootstrap_estimate(
            value,
            drawn,
            left_out,
            unit=self.resamples.unit,
            level=self.level,
            expand_for=self.resamples.expand_for or r_of,
            lost=1 if r_of is None else 2,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A proxy and an outcome on the candidates that have both."""

    proxy: Column
    outcome: Column
    mask: NDArray[np.bool_]
    """Which of the board's candidates these are, shape (candidates,)."""

    @property
    def n(self) -> int:
        """Candidates that have both."""
        return len(self.proxy.values)

    def why_undefined(self) -> str | None:
        """Say why no association can be had, or None."""
        if self.n < 3:
            return f"{self.n} of {len(self.mask)} candidates have both a reading and an outcome"
        if not self.proxy.signs.any():
            return f"constant: {abs(self.proxy.values[0]):g} for every candidate"
        if not self.outcome.signs.any():
            return f"the outcome is constant: {self.outcome.values[0]:g} for every candidate"
        return None


def pair_up(claimed: Floats, outcome: Floats) -> Pair:
    """Keep the candidates that have both; NaN means missing."""
    mask = np.isfinite(claimed) & np.isfinite(outcome)
    return Pair(proxy=prepare(claimed[mask]), outcome=prepare(outcome[mask]), mask=mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Associated:
    """Every statistic of one pair: of the data, of each resample, and with each unit left out."""

    values: dict[str, float]
    drawn: dict[str, Floats]
    """Shape (resamples,) each; empty under `min_candidates`."""
    left_out: dict[str, Floats]
    """Shape (units,) each; empty unless the method is BCa."""
    n: int
    """Candidates of the pair."""
    terms: Terms

    def estimate(self, name: str) -> Estimate:
        """Return one statistic with its interval; without one under `min_candidates`."""
        if not self.drawn:
            return _without_interval(self.values[name], self.terms)
        r_of = self.n if name == "pearson" else None
        return self.terms.interval(self.values[name], self.drawn[name], self.left_out.get(name), r_of=r_of)


def associate(pair: Pair, terms: Terms) -> Associated:
    """Work out every statistic of `harness.validity.association.STATISTICS` at once."""

    def named(weights: Draws) -> dict[str, Floats]:
        return dict(zip(STATISTICS, replicate(associations, pair, weights), strict=True))

    values = named(np.ones((1, len(pair.mask)), dtype=np.int16))
    is_enough = pair.n >= terms.min_candidates
    return Associated(
        values={name: float(value[0]) for name, value in values.items()},
        drawn=named(terms.resamples.weights) if is_enough else {},
        left_out=named(terms.resamples.jackknife) if is_enough and terms.method == "bca" else {},
        n=pair.n,
        terms=terms,
    )


def estimate(statistic: Statistic, pair: Pair, terms: Terms) -> Estimate:
    """Return the statistic with its interval; without one under `min_candidates`."""
    value = point(statistic, pair)
    if pair.n < terms.min_candidates:
        return _without_interval(value, terms)
    drawn = replicate(statistic, pair, terms.resamples.weights)
    left_out = replicate(statistic, pair, terms.resamples.jackknife) if terms.method == "bca" else None
    return terms.interval(value, drawn, left_out, r_of=pair.n if statistic is pearson else None)


def point(statistic: Statistic, pair: Pair) -> float:
    """Return the statistic of the data."""
    return float(statistic(pair.proxy, pair.outcome, np.ones((1, pair.n)))[0])


def replicate(statistic: Statistic, pair: Pair, weights: Draws) -> Floats:
    """Return the statistic of each resample of the board, resamples last, in blocks that fit a cache and bound memory."""
    block = max(1, BLOCK_NUMBERS // max(pair.n, 1))
    rows = [weights[start : start + block] for start in range(0, len(weights), block)]
    parts = [statistic(pair.proxy, pair.outcome, row[:, pair.mask].astype(np.float64)) for row in rows]
    return np.concatenate(parts, axis=-1)


def _without_interval(value: float, terms: Terms) -> Estimate:
    return Estimate(value=value, level=terms.level, reason=f"insufficient (n < {terms.min_candidates})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Spearman under every resample, of the pairs a board has met: comparisons meet them again."""

    terms: Terms
    found: dict[bytes, Floats] = field(default_factory=dict)

    def put(self, pair: Pair, drawn: Floats) -> None:
        """Keep what was worked out."""
        self.found[self._key(pair)] = drawn

    def get(self, pair: Pair) -> Floats:
        """Return a pair's replicates, shape (resamples,)."""
        if self._key(pair) not in self.found:
            self.put(pair, replicate(spearman, pair, self.terms.resamples.weights))
        return self.found[self._key(pair)]

    def _key(self, pair: Pair) -> bytes:
        return pair.mask.tobytes() + pair.proxy.values.tobytes() + pair.outcome.values.tobytes()


def compare(proxy: Floats, baseline: Floats, outcome: Floats, kept: Kept) -> VsBaseline:
    """Compare two proxies' Spearman with the outcome, paired: the same candidates in the same resamples."""
    terms = kept.terms
    both = np.isfinite(proxy) & np.isfinite(baseline)
    first = pair_up(np.where(both, proxy, np.nan), outcome)
    second = pair_up(np.where(both, baseline, np.nan), outcome)
    reason = first.why_undefined() or second.why_undefined()
    if reason:
        return VsBaseline(difference=None, n=first.n, reason=reason)
    difference = point(spearman, first) - point(spearman, second)
    if first.n < terms.min_candidates:
        reason = f"insufficient (n < {terms.min_candidates})"
        return VsBaseline(difference=difference, n=first.n, reason=reason)
    drawn = kept.get(first) - kept.get(second)
    interval = terms.interval(difference, drawn)
    p = two_sided_p(drawn)
    if terms.resamples.expand_for is not None:
        p = expanded_p(p, terms.resamples.expand_for)
    return VsBaseline(
        difference=difference,
        low=interval.low,
        high=interval.high,
        p=None if interval.low is None else p,
        n=first.n,
        method=f"paired {interval.method}" if interval.method else "",
        reason=interval.reason,
    )


def two_sided_p(replicates: Floats) -> float:
    """Return twice the smaller share of replicates on either side of 0, the data counted in (never 0)."""
    defined = replicates[np.isfinite(replicates)]
    fewer = min(int((defined <= 0.0).sum()), int((defined >= 0.0).sum()))
    return min(1.0, 2.0 * (1 + fewer) / (1 + len(defined)))
