"""The record every estimate is handed over in: a value, its interval, and the name of the method."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval; undefined numbers are None with a reason, never NaN."""

    value: float | None
    low: float | None = None
    """Lower end; None where no interval can be had."""
    high: float | None = None
    method: str = ""
    """How the interval was made, in words a methods section could use; empty without one."""
    level: float = 0.95
    """Nominal coverage."""
    reason: str | None = None
    """Why the value or the interval is missing."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping: finite numbers and None only."""
        return {
            "value": finite(self.value),
            "low": finite(self.low),
            "high": finite(self.high),
            "method": self.method,
            "level": self.level,
            **({"reason": self.reason} if self.reason else {}),
        }


def finite(number: float | None) -> float | None:
    """Return a plain float, or None for None, NaN and the infinities."""
    if number is None or not math.isfinite(number):
        return None
    return float(number)
