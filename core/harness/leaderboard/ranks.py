"""Rank intervals: which places each candidate of a track can hold, given what was measured.

Every pair is compared paired by problem. With N(better) of a candidate the number of those significantly above it, and
N(worse) of those significantly below it, its interval is [1 + N(better), m - N(worse)]. Where the family-wise error over all
one-sided hypotheses "j is not above k", m (m - 1) of them, is held at 5 %, all m intervals hold the true ranks at once with
probability 95 % (Mogstad, Romano, Shaikh and Wilhelm 2024, Review of Economic Studies 91, 476-518; the same form with
Tukey's method: Al Mohamad, Goeman and van Zwet 2022, Biometrical Journal 64, 339-360). Holm's procedure holds it whatever
the dependence between pairs, and needs no resampling: Monte Carlo p values of 10,000 sign patterns could not fall
below the threshold of 30 candidates.

The standard error of a difference has two parts. Problems: the variance of the differences by problem, averaged over seeds,
benchmarks as strata (`harness.estimators.paired_difference`). Training runs: the variance of an outcome from seed to seed
over the number of seeds, pooled over the candidates of the track as in an analysis of variance (two to five seeds of one
candidate alone tell too little). Both hold some noise of sampling, so the whole is a little wide. Where no candidate has a
second seed only the first part is there, and the ranks speak of these very runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from harness.estimators.strata import stratified_mean
from harness.validity.multiplicity import holm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ALPHA = 0.05
SAME = 1e-12
"""Differences nearer than this are equal; rounding leaves as much."""
FEWEST_PROBLEMS = 20
"""Below this many problems Student's t of bounded differences is not to be trusted, and there are no rank intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankInterval:
    """The places a candidate or proxy can hold; 1 is best."""

    first: int
    last: int

    def to_json(self) -> list[int]:
        """Return [first, last]."""
        return [self.first, self.last]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedSpread:
    """How much outcomes move from one training seed to another."""

    variance: float
    """Of a single run's outcome, pooled over candidates."""
    freedom: int
    """Its degrees of freedom: seeds less one, added up."""
    num_seeds: tuple[int, ...]
    """Of each candidate."""


def rank_intervals(above: NDArray[np.bool_]) -> list[RankInterval]:
    """Turn decisions into intervals.

    Args:
        above: whether row is significantly above column, shape (m, m).
    """
    size = len(above)
    return [RankInterval(first=1 + int(above[:, place].sum()), last=size - int(above[place].sum())) for place in range(size)]


def decide(p_values: Floats, alpha: float = ALPHA) -> NDArray[np.bool_]:
    """Reject "row is not above column" by Holm's procedure over all ordered pairs.

    Args:
        p_values: one-sided, shape (m, m); NaN where a pair cannot be compared. The diagonal is not read.
        alpha: family-wise error.
    """
    open_pairs = {
        f"{row} {column}": float(p_values[row, column])
        for row, column in np.ndindex(*p_values.shape)
        if row != column and np.isfinite(p_values[row, column])
    }
    above = np.zeros(p_values.shape, dtype=np.bool_)
    for pair, p in holm(open_pairs).items():
        row, column = pair.split()
        above[int(row), int(column)] = p <= alpha
    return above


def seed_spread(outcomes: Sequence[Mapping[int, float]]) -> SeedSpread | None:
    """Pool the variance from seed to seed over candidates; None where no candidate has two seeds.

    Args:
        outcomes: one mapping of seed to outcome a candidate.
    """
    runs = [np.array(list(one.values()), dtype=np.float64) for one in outcomes]
    freedom = sum(len(one) - 1 for one in runs)
    if freedom == 0:
        return None
    squares = sum(float(((one - one.mean()) ** 2).sum()) for one in runs)
    return SeedSpread(variance=squares / freedom, freedom=freedom, num_seeds=tuple(len(one) for one in runs))


def paired_p_values(strata: Sequence[Floats], spread: SeedSpread | None = None) -> Floats:
    """Return the one-sided p of "row is not above column" for all pairs, shape (candidates, candidates).

    Student's t on Satterthwaite's degrees of freedom, never below what exact sign flips of the problems that differ could
    give (2 ** -number): a handful of equal differences has no variance and would make any difference certain.

    Args:
        strata: outcome by problem, shape (candidates, problems) a benchmark; the problems are the same for all.
        spread: the variance of runs; None to speak of these very runs.

    Returns:
        NaN on the diagonal, and everywhere where one problem in all gives no variance.
    """
    size = len(strata[0])
    p_values = np.full((size, size), np.nan)
    for row, column in combinations(range(size), 2):
        gaps = [values[row] - values[column] for values in strata]
        gaps = [np.where(np.abs(part) < SAME, 0.0, part) for part in gaps]
        runs = 0.0 if spread is None else 1.0 / spread.num_seeds[row] + 1.0 / spread.num_seeds[column]
        p = _one_sided(gaps, spread, runs)
        p_values[row, column], p_values[column, row] = p, 1.0 - p
    return p_values


def _one_sided(gaps: Sequence[Floats], spread: SeedSpread | None, runs: float) -> float:
    """Test "the mean of gaps is not above 0"; `runs` is 1 / seeds of one candidate plus 1 / seeds of the other."""
    from scipy.special import stdtr

    mean = stratified_mean(gaps)
    if mean.variance is None:
        return float("nan")
    if abs(mean.value) < SAME:
        return 0.5
    variance = mean.variance
    fourth = variance**2 / mean.freedom if mean.freedom else 0.0
    if spread is not None:
        added = spread.variance * runs
        variance, fourth = variance + added, fourth + added**2 / spread.freedom
    p = 0.0
    if fourth > 0.0:
        p = float(stdtr(variance**2 / fourth, -abs(mean.value) / variance**0.5))
    p = min(max(p, 0.5 ** sum(int((part != 0.0).sum()) for part in gaps)), 0.5)
    return p if mean.value > 0.0 else 1.0 - p
