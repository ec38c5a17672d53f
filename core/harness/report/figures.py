"""Figures as people read them, from whatever shape a result gives: a number, an object with an interval, or nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTHING = "-"
"""Shown where there is no figure: not measured, or undefined."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """An estimate with its interval; parts that are not there are None."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


def bounds(value: object) -> Bounds:
    """Read a number, `{"value", "low", "high"}` or `{"value", "ci": [low, high]}`."""
    if isinstance(value, Mapping):
        interval = value.get("ci")
        low, high = interval if isinstance(interval, list | tuple) and len(interval) == 2 else (None, None)
        return Bounds(_finite(value.get("value")), _finite(value.get("low", low)), _finite(value.get("high", high)))
    return Bounds(_finite(value))


def number(value: object) -> str:
    """Write three decimals: 0.367."""
    found = value.value if isinstance(value, Bounds) else bounds(value).value
    return NOTHING if found is None else f"{found:.3f}"


def signed(value: float | None) -> str:
    """Write a difference: +0.041."""
    return NOTHING if value is None else f"{value:+.3f}"


def with_interval(value: Bounds) -> str:
    """Write 0.367 [0.350, 0.384]."""
    if value.value is None or value.low is None or value.high is None:
        return number(value)
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def count(value: object) -> str:
    """Write a count with thousands apart: 1,234,567."""
    found = _finite(value)
    return NOTHING if found is None else f"{round(found):,}"


def clock(seconds: object) -> str:
    """Write a time span: 8.2 s, 3 min 05 s, 1 h 02 min."""
    found = _finite(seconds)
    if found is None:
        return NOTHING
    if found < 59.95:
        return f"{found:.1f} s"
    whole = round(found)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(found / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def largest_pass_at(candidates: Iterable[Mapping[str, Any]]) -> str | None:
    """Name the pass@k of the largest k > 1 that was measured before RL."""
    labels = {label for c in candidates if isinstance(pre := c.get("pre"), Mapping) for label in pre}
    ks = [int(m[1]) for m in (re.fullmatch(r"pass@(\d+)", str(label)) for label in labels) if m and int(m[1]) > 1]
    return f"pass@{max(ks)}" if ks else None


def _finite(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None
