"""Whether the proxies say the same: two that disagree cannot both be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.validity.column import check_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.validity.association import Floats
    from harness.validity.column import ProxyColumn

    Share = float | None
    Matrix = tuple[tuple[Share, ...], ...]

BLOCK = 4_000_000
"""Comparisons of two candidates by all proxies held at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How each two proxies agree, directions applied; matrices in the order of `names`, symmetric."""

    names: tuple[str, ...]
    spearman: Matrix
    """Of the two claimed orders, on the candidates both have read; None where undefined."""
    pairs_agreed: Matrix
    """Share of the pairs of candidates they order alike: a tie of one proxy counts half, a tie of both not at all."""
    same_pick: tuple[tuple[bool | None, ...], ...]
    """Whether some candidate is first by both, among the candidates both have read; None where there is none."""
    picks: tuple[tuple[int, ...], ...]
    """The candidates each proxy puts first, by position; several where they tie."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            "names": list(self.names),
            "spearman": [list(row) for row in self.spearman],
            "pairs_agreed": [list(row) for row in self.pairs_agreed],
            "same_pick": [list(row) for row in self.same_pick],
            "picks": [list(row) for row in self.picks],
        }


def agreement(columns: Sequence[ProxyColumn]) -> Agreement:
    """Compare each two proxies' orders of the candidates.

    Args:
        columns: the proxies, shape (candidates,) each; NaN where one is undefined.

    Raises:
        DataError: the lengths differ, or a value is infinite.
        UserError: two proxies of one name.
    """
    size = len(columns[0].values) if columns else 0
    check_columns(columns, np.zeros(size), [""] * size)
    claimed = np.array([column.claimed() for column in columns]).reshape(len(columns), size)
    known = np.isfinite(claimed)
    return Agreement(
        names=tuple(column.name for column in columns),
        spearman=_spearman(claimed, known),
        pairs_agreed=_pairs_agreed(claimed),
        same_pick=_same_pick(claimed, known),
        picks=tuple(tuple(np.flatnonzero(_firsts(row, own)).tolist()) for row, own in zip(claimed, known, strict=True)),
    )


def _spearman(claimed: Floats, known: NDArray[np.bool_]) -> Matrix:
    """Correlate midranks, pair by pair, since each pair has its own candidates."""
    size = len(claimed)
    found: list[list[Share]] = [[None] * size for _ in range(size)]
    for a in range(size):
        for b in range(a, size):
            both = known[a] & known[b]
            if both.sum() < 2:
                continue
            dx, dy = (_midranks(claimed[row, both]) for row in (a, b))
            spread = float(dx @ dx) * float(dy @ dy)
            if spread > 0.0:
                found[a][b] = found[b][a] = min(1.0, max(-1.0, float(dx @ dy) / spread**0.5))
    return tuple(tuple(row) for row in found)


def _midranks(values: Floats) -> Floats:
    """Return ranks about their mean, ties at theirs: scipy.stats.rankdata, without its package's half second to load."""
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    ranks: Floats = (ends - (count - 1) / 2.0)[group] - (len(values) + 1) / 2.0
    return ranks


def _pairs_agreed(claimed: Floats) -> Matrix:
    """Count pairs of candidates ordered alike, for all pairs of proxies at once, in blocks that bound memory."""
    proxies, size = claimed.shape
    alike, told = np.zeros((2, proxies, proxies))
    step = max(1, BLOCK // max(1, proxies * size))
    for start in range(0, size, step):
        gaps = claimed[:, start : start + step, None] - claimed[:, None, :]
        signs = np.nan_to_num(np.sign(gaps)).reshape(proxies, -1)
        ordered = np.isfinite(gaps).reshape(proxies, -1).astype(np.float64)
        tied = ordered * (signs == 0.0)
        alike += signs @ signs.T
        told += ordered @ ordered.T - tied @ tied.T
    share = np.divide(alike, told, out=np.full(told.shape, np.nan), where=told > 0.0)
    return tuple(tuple(None if np.isnan(one) else 0.5 + 0.5 * one for one in row) for row in share.tolist())


def _same_pick(claimed: Floats, known: NDArray[np.bool_]) -> tuple[tuple[bool | None, ...], ...]:
    """Compare the firsts of each two proxies."""
    rows = []
    for first, first_known in zip(claimed, known, strict=True):
        row: list[bool | None] = []
        for second, second_known in zip(claimed, known, strict=True):
            both = first_known & second_known
            shared = _firsts(first, both) & _firsts(second, both)
            row.append(bool(shared.any()) if both.any() else None)
        rows.append(tuple(row))
    return tuple(rows)


def _firsts(claimed: Floats, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the highest of some candidates."""
    values = np.where(among, claimed, -np.inf)
    firsts: NDArray[np.bool_] = among & (values == values.max(initial=-np.inf))
    return firsts
