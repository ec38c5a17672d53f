"""Validity against RL compute: a proxy's rank correlation with outcomes after more and more RL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.leaderboard.own import across

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.leaderboard.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Spearman with the outcome after so much RL."""

    step: int
    tokens: float
    """Sampled in RL by then, mean over candidates."""
    spearman: float | None
    low: float | None
    high: float | None
    circular: bool
    """Whether the proxy has looked into the RL that made this outcome."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """One proxy of one result."""

    result: str
    label: str
    """As the result names it."""
    proxy: str
    """Across studies."""
    trivial: bool
    points: tuple[Point, ...]
    """In ascending order of RL steps."""
    change: Mapping[str, Any]
    """From the first point to the last, with its interval; empty where the result does not say."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        plain = {name: getattr(self, name) for name in ("result", "label", "proxy", "trivial")}
        return {**plain, "points": [point.to_json() for point in self.points], "change": dict(self.change)}


def along_of(entry: Entry) -> list[Along]:
    """Return one curve a proxy where a result measured the outcome at several points of RL."""
    if len(entry.result["along"]) < 2:
        return []
    return [
        Along(
            result=entry.id,
            label=row["name"],
            proxy=across(row["name"])[0],
            trivial=bool(row["trivial"]),
            points=tuple(_points(entry, row["name"])),
            change=row.get("change_along_rl") or {},
        )
        for row in entry.result["proxies"]
    ]


def _points(entry: Entry, label: str) -> list[Point]:
    found = []
    for point in sorted(entry.result["along"], key=lambda one: one["step"]):
        row = next((one for one in point["proxies"] if one["name"] == label), None)
        if row is not None:
            rho = row["spearman"]
            found.append(
                Point(
                    step=point["step"],
                    tokens=point["rl_tokens"],
                    spearman=rho["value"],
                    low=rho.get("low"),
                    high=rho.get("high"),
                    circular=bool(row.get("circular")),
                )
            )
    return found
