"""What all reports on a terminal are made of: tables without lines, and the sentence about the cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.escape import printable
from harness.report.figures import bounds, clock, count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

GAP = (0, 2, 0, 0)
"""Two blanks between columns, no lines: it reads the same in a log file."""


def plain_table(headings: Sequence[str], *, left: int, last_is_text: bool = False) -> Table:
    """Make a table without lines whose first `left` columns are text, and the rest figures that do not wrap."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=GAP)
    for position, heading in enumerate(headings):
        is_text = position < left or (last_is_text and position == len(headings) - 1)
        table.add_column(heading, justify="left" if is_text else "right", overflow="fold", no_wrap=not is_text)
    return table


def cost_text(cost: Mapping[str, Any]) -> str:
    """Say what a study cost: the total first, then the kinds of step by what they took; empty where nothing is known."""
    if bounds(cost.get("seconds")).value is None:
        return ""
    parts = []
    for kind, spent in (cost.get("by_kind") or {}).items():
        seconds = spent.get("seconds") if hasattr(spent, "get") else spent
        if isinstance(seconds, int | float):
            parts.append((float(seconds), printable(kind)))
    dearest = ", ".join(f"{kind} {clock(seconds)}" for seconds, kind in sorted(parts, reverse=True)[:4] if seconds >= 1)
    total = f"{clock(cost.get('seconds'))} of compute, {count(cost.get('tokens'))} tokens"
    return f"{total} ({dearest})" if dearest else total
