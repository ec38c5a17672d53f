"""A study as a picture for terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.escape import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.watching.journal import Journal
    from harness.watching.standing import Standing

BAR_WIDTH = 30
MOST_LINES = 16
"""More steps at work than this are summed up in one line."""
MOST_FAILED = 8


def draw(now: Standing, journal: Journal, clock_s: float) -> RenderableType:
    """Draw where a study stands.

    Args:
        now: from the store.
        journal: from its events.
        clock_s: seconds since 1970.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    head = Text(overflow="fold")
    head.append(printable(now.study), style="bold")
    head.append(f"  {bar(now.done, now.steps)} {now.done}/{now.steps} steps  {headline(now, journal, clock_s)}")
    table = Table.grid(padding=(0, 2))
    running = [step for step in now.at_work if step.held]
    for step in running[:MOST_LINES]:
        again = f"attempt {step.attempt}" if step.attempt > 1 else ""
        share = min(1.0, max(0.0, step.share))
        table.add_row(
            f"  {printable(step.title)}", bar(share, 1), f"{share:.0%}", duration(step.seconds), printable(step.note), again
        )
    parts: list[RenderableType] = [head, table]
    if len(running) > MOST_LINES:
        parts.append(Text(f"  and {len(running) - MOST_LINES} more steps at work"))
    for title, error in list(journal.failed.items())[:MOST_FAILED]:
        parts.append(Text(f"  FAILED {title}: {error}", style="red", overflow="fold"))
    parts += [Text(f"  {line}", style="dim", overflow="fold") for line in journal.recent if "FAILED" not in line]
    return Group(*parts)


def headline(now: Standing, journal: Journal, clock_s: float) -> str:
    """Say how a study is in a few words."""
    ended = journal.ended
    if ended is None and journal.started is not None and now.state != "done":
        silent = "" if now.state == "running" else ", no step at work just now"
        return f"for {duration(max(0.0, clock_s - journal.started))}, {journal.finished} steps in this run{silent}"
    return ended or now.status


def bar(done: float, total: float) -> str:
    """Draw a bar of fixed width."""
    full = round(BAR_WIDTH * done / total) if total else 0
    return "━" * full + "╌" * (BAR_WIDTH - full)


def duration(seconds: float) -> str:
    """Write a duration in its two largest units."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
