"""Regret of a proxy's pick as a share of what was at stake, so that unlike outcomes can stand in one column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.studies import Column, Row, Study

FEWEST_STARTS = 3
"""With two starts the pick is the best or the worst, and the pairs say that already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regret:
    """What picking by a proxy lost in one family of one study: 0 the best start was picked, 1 the worst."""

    study: str
    family: str
    value: float
    """(best - picked) / (best - worst); the mean over picks where the proxy ties."""
    by_chance: float
    """The same for a pick at random."""
    starts: int

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {name: getattr(self, name) for name in self.__slots__}


def regrets(study: Study, column: Column) -> list[Regret]:
    """Return the regret in each family of at least 3 starts whose outcomes differ, on the study's primary evaluation."""
    rows = [r for r in study.primary_rows() if column.name in r.values and study.outcome in r.values]
    found = []
    for family in dict.fromkeys(row.family for row in rows):
        own = [row for row in rows if row.family == family]
        outcomes = [row.values[study.outcome] for row in own]
        best, worst = max(outcomes), min(outcomes)
        if len(own) < FEWEST_STARTS or best == worst:
            continue
        picked = [row.values[study.outcome] for row in _picks(own, column)]
        found.append(
            Regret(
                study=study.name,
                family=family,
                value=(best - _mean(picked)) / (best - worst),
                by_chance=(best - _mean(outcomes)) / (best - worst),
                starts=len(own),
            )
        )
    return found


def _picks(rows: Sequence[Row], column: Column) -> list[Row]:
    sign = 1.0 if column.higher_is_better else -1.0
    top = max(sign * row.values[column.name] for row in rows)
    return [row for row in rows if sign * row.values[column.name] == top]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
