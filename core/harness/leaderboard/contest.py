"""Which of two proxies ordered more pairs rightly, on the pairs both speak of.

Two proxies seen in different studies cannot be compared by their shares: one may have met the easy studies. So a comparison
is made of the pairs of starts for which both have a reading. Base models are its units, as pairs of one base hang together.
The test flips the sign of each base's difference, which is exact however few they are; a bootstrap over a dozen bases is
not. Below ten bases in common nothing is decided.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from harness.comparison import flip_signs
from harness.leaderboard.ranks import RankInterval, decide, rank_intervals
from harness.studies import Pairs, ordered_pairs
from harness.validity.resamples import FEWEST_FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from harness.studies import Reading, Study

MONTE_CARLO = 20_000
"""Sign patterns where more than 20 bases differ."""


def proxy_ranks(
    readings: Mapping[str, Sequence[Reading]], studies: Mapping[str, Study], seed: int = 0
) -> dict[str, RankInterval | None]:
    """Return each proxy's rank interval; None where it shares ten bases with no other proxy.

    Args:
        readings: of each proxy; those that count for another study's starts are passed over.
        studies: by name.
        seed: of the sign patterns.
    """
    names = list(readings)
    p_values: NDArray[np.float64] = np.full((len(names), len(names)), np.nan)
    for row, column in combinations(range(len(names)), 2):
        p = _one_sided(readings[names[row]], readings[names[column]], studies, seed)
        p_values[row, column], p_values[column, row] = p, 1.0 - p
    intervals = rank_intervals(decide(p_values))
    return {name: intervals[place] if np.isfinite(p_values[place]).any() else None for place, name in enumerate(names)}


def common_bases(
    one: Sequence[Reading], other: Sequence[Reading], studies: Mapping[str, Study]
) -> dict[str, tuple[Pairs, Pairs]]:
    """Return by base what both proxies say of the pairs both have readings for."""
    found: dict[str, tuple[Pairs, Pairs]] = {}
    theirs = {reading.study: reading for reading in other if reading.same_models_as is None}
    for reading in one:
        if reading.same_models_as is not None or reading.study not in theirs:
            continue
        study, second = studies[reading.study], theirs[reading.study]
        rows = [r for r in study.primary_rows() if reading.column in r.values and second.column in r.values]
        outcome = study.columns[study.outcome]
        a = ordered_pairs(rows, study.columns[reading.column], outcome)
        b = ordered_pairs(rows, study.columns[second.column], outcome)
        for base in a:
            before = found.get(base, (Pairs(), Pairs()))
            found[base] = before[0] + a[base], before[1] + b[base]
    return found


def _one_sided(one: Sequence[Reading], other: Sequence[Reading], studies: Mapping[str, Study], seed: int) -> float:
    """Return the p of "one orders no more pairs rightly than the other"; NaN where they share too few bases."""
    bases = common_bases(one, other, studies)
    if len(bases) < FEWEST_FAMILIES:
        return float("nan")
    gaps = np.array([a.right + a.tied / 2 - b.right - b.tied / 2 for a, b in bases.values()])
    weighted = gaps / sum(a.total for a, _ in bases.values())
    p = flip_signs(weighted, resamples=MONTE_CARLO, seed=seed).p / 2.0
    return p if weighted.sum() > 0.0 else 1.0 - p
