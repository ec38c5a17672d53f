"""Holm's adjustment: many proxies were tried, and the best of twenty useless ones looks good."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p values adjusted for their number, family-wise error held in the strong sense (Holm 1979)."""
    adjusted: dict[str, float] = {}
    reached = 0.0
    for place, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        reached = max(reached, min(1.0, (len(p_values) - place) * p_values[name]))
        adjusted[name] = reached
    return {name: adjusted[name] for name in p_values}
