"""Pairs of starts that a proxy orders as their outcomes do: only within a study, an evaluation and a family."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.studies.records import Column, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Pairs with unlike outcomes, by what the proxy says of them."""

    right: int = 0
    tied: int = 0
    """The proxy gives both the same value."""
    wrong: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.right + self.tied + self.wrong

    @property
    def accuracy(self) -> float | None:
        """Share ordered rightly, ties as half (decision accuracy, arXiv 2504.11393); None without a pair."""
        return (self.right + self.tied / 2) / self.total if self.total else None

    def __add__(self, other: Pairs) -> Pairs:
        return Pairs(right=self.right + other.right, tied=self.tied + other.tied, wrong=self.wrong + other.wrong)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {"right": self.right, "tied": self.tied, "wrong": self.wrong, "total": self.total, "accuracy": self.accuracy}


def ordered_pairs(rows: Iterable[Row], proxy: Column, outcome: Column) -> dict[str, Pairs]:
    """Count the pairs by base model; rows left out, or without one of the two values, make none."""
    found: dict[str, Pairs] = {}
    for first, second in combinations(rows, 2):
        if (first.family, first.evaluation) != (second.family, second.evaluation) or first.excluded or second.excluded:
            continue
        if any(name not in row.values for row in (first, second) for name in (proxy.name, outcome.name)):
            continue
        claimed = _sign(first.values[proxy.name] - second.values[proxy.name]) * (1 if proxy.higher_is_better else -1)
        truth = _sign(first.values[outcome.name] - second.values[outcome.name])
        if truth == 0:
            continue
        said = Pairs(right=int(claimed == truth), tied=int(claimed == 0), wrong=int(claimed == -truth))
        base = first.base or first.family
        found[base] = found.get(base, Pairs()) + said
    return found


def _sign(difference: float) -> int:
    return (difference > 0) - (difference < 0)
