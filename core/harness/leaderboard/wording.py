"""Figures of the boards as people read them, on a terminal and on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.escape import printable
from harness.report.figures import NOTHING, count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.leaderboard.along import Along
    from harness.leaderboard.proxies import ProxyCost, ProxyRow
    from harness.leaderboard.ranks import RankInterval
    from harness.report.figures import Bounds
    from harness.studies.meta import Decisions


def place(ranks: RankInterval | None, reason: str | None) -> str:
    """Write a rank interval: 1-13, 4, or the reason why there is none."""
    if ranks is None:
        return reason or NOTHING
    return str(ranks.first) if ranks.first == ranks.last else f"{ranks.first}-{ranks.last}"


def share(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def decided(decisions: Decisions) -> str:
    """Write decision accuracy with its interval, where bases are enough for one."""
    found = decisions.accuracy
    if found.value is None:
        return NOTHING
    interval = "" if found.low is None or found.high is None else f" [{found.low:.2f}, {found.high:.2f}]"
    return f"{found.value:.2f}{interval}"


def paired(decisions: Decisions) -> str:
    """Write the pairs behind it: 142/186, ties as half."""
    pairs = decisions.pairs
    return f"{pairs.right + pairs.tied / 2:g}/{pairs.total}" if pairs.total else NOTHING


def cheapest(row: ProxyRow) -> ProxyCost | None:
    """Return the least that the proxy cost a candidate in our results."""
    known = [cost for cost in row.costs if cost.tokens is not None]
    return min(known, key=lambda cost: cost.tokens or 0.0, default=None)


def compact(number: float) -> str:
    """Write 2.6M, 88k or 412."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.1f}{letter}" if number < 10 * size else f"{number / size:.0f}{letter}"
    return count(number)


def main_curve(row: ProxyRow) -> Along | None:
    """Return the curve of the reading that is on the board (the largest k), of the first of our results."""
    labels = {(reading.study, reading.column) for reading in row.readings}
    return next((one for one in row.along if (one.result, one.label) in labels), None)


def difference(change: Bounds) -> str:
    """Write a change with its interval: -.27 [-.54, -.10]."""
    if change.value is None:
        return NOTHING
    interval = "" if change.low is None or change.high is None else f" [{short(change.low)}, {short(change.high)}]"
    return short(change.value) + interval


def short(value: float | None) -> str:
    """Write a correlation without its zero: .96, -.20, 1.00."""
    if value is None:
        return NOTHING
    written = f"{value:.2f}"
    return written.replace("0.", ".", 1) if abs(value) < 0.995 else written


def strategy_of(row: Mapping[str, Any]) -> str:
    """Write how a candidate's data was made: `subset 1024, epochs 4`."""
    if row["kind"] == "base":
        return "no SFT"
    if row["kind"] == "checkpoint":
        return "a checkpoint made elsewhere"
    parts = [_step(step) for step in row["curation"]] or ["all of the data"]
    return printable(", ".join(parts))


def _step(step: Mapping[str, Any]) -> str:
    shown = [part for name, value in step.items() if name != "use" and (part := _setting(value))]
    return " ".join([str(step.get("use", "?")), *shown])


def _setting(value: object) -> str:
    """Write a setting; what is nested, off or random need not be said, the recipe has it all."""
    if isinstance(value, list):
        return "/".join(part for one in value if (part := _setting(one)))
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value == "random":
        return ""
    return str(value)
