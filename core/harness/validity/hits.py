"""Whether the proxy's first picks hold the best candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.estimators.estimate import finite
from harness.validity.splits import halves

if TYPE_CHECKING:
    from harness.validity.association import Column, Floats
    from harness.validity.splits import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRate:
    """How surely the best candidate is among a proxy's first k."""

    value: float | None
    """In the data: 1 or 0, or the chance of it where the proxy ties; any of several equally good best ones counts."""
    rate: float | None = None
    """Mean of the same over random half-boards."""
    chance: float | None = None
    """The rate of a random order, k / half."""
    method: str = ""
    reason: str | None = None
    """Why something is missing."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        numbers = {name: finite(getattr(self, name)) for name in ("value", "rate", "chance")}
        return {**numbers, "method": self.method, **({"reason": self.reason} if self.reason else {})}


def hit_rate(proxy: Column, outcome: Column, k: int, keys: Floats) -> HitRate:
    """Return how often the best candidate is among the proxy's first k.

    The rate is taken over random halves of the board, drawn without replacement. A bootstrap would draw a candidate
    several times, and its copies would fill the first k places. It speaks of boards half as large, where the best is
    easier to hit (see `chance`), and the halves overlap: no interval follows from it.

    Args:
        proxy: as claimed, shape (n,).
        outcome: shape (n,).
        k: how many picks.
        keys: `split_keys` at these candidates, shape (splits, n).
    """
    size = len(proxy.values)
    everyone = np.ones((1, size), dtype=np.bool_)
    value = float(_hits(proxy, outcome, k, everyone)[0])
    half = (size + 1) // 2
    if half <= k:
        return HitRate(value=value, reason=f"half of {size} candidates is no more than {k}")
    rate = float(_hits(proxy, outcome, k, halves(keys)).mean())
    method = f"mean over {len(keys)} random half-boards of {half} candidates"
    return HitRate(value=value, rate=rate, chance=k / half, method=method)


def _hits(proxy: Column, outcome: Column, k: int, drawn: Mask) -> Floats:
    """Return the chance that the first k hold a best one, its ties broken at random, shape (boards,).

    The first k take whole tied groups while they fit; of the group that does not, s of its g at random, and they miss its b
    best ones with chance C(g - b, s) / C(g, s).
    """
    inside = drawn.astype(np.float64)
    above = inside @ (proxy.signs < 0.0).astype(np.float64)
    outcomes = np.where(drawn, outcome.values, -np.inf)
    is_best = outcomes == outcomes.max(axis=1, keepdims=True)
    nearest = np.where(is_best, above, np.inf).min(axis=1, keepdims=True)
    group = drawn & (above == nearest)
    count, best = group.sum(axis=1), (group & is_best).sum(axis=1)
    slots = np.maximum(k - nearest[:, 0], 0.0)
    missed = np.ones(len(drawn))
    for taken in range(k):
        left = count - best - taken
        share = np.divide(np.maximum(left, 0), count - taken, out=np.zeros(len(drawn)), where=count > taken)
        missed *= np.where(taken < slots, share, 1.0)
    return 1.0 - missed
