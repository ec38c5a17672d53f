"""Watch a study until it ends: redrawn on a terminal, a line an event elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.escape import printable
from harness.watching.journal import Journal
from harness.watching.screen import draw, headline
from harness.watching.standing import standing
from harness.watching.tail import Tail

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from harness.store import Store
    from harness.watching.standing import Standing

INTERVAL_S = 1.0
QUIET_S = 600.0
SHARE = 0.1
"""Of the time, at most, that goes into looking: a large study is looked at less often."""


def watch(
    store: Store, folder: Path, console: Console, *, interval_s: float = INTERVAL_S, quiet_s: float = QUIET_S
) -> Standing:
    """Show a study until its run ends; a study that does not run is shown once.

    Args:
        store: it stands in.
        folder: of the study.
        console: to draw on.
        interval_s: seconds between two looks, at least.
        quiet_s: seconds without a step at work and without an event after which the run is taken for dead.

    Returns:
        Where it stood at the end.
    """
    eye = _Eye(store, folder, quiet_s)
    if not console.is_terminal:
        return _lines(eye, console, interval_s)
    from rich.live import Live

    with Live(console=console, auto_refresh=False) as live:
        while True:
            began = time.monotonic()
            eye.look()
            live.update(draw(eye.now, eye.journal, time.time()), refresh=True)
            if eye.is_over():
                return eye.now
            _pause(began, interval_s)


class _Eye:
    """What has been seen of a study so far."""

    def __init__(self, store: Store, folder: Path, quiet_s: float) -> None:
        self.journal = Journal()
        self._store, self._folder, self._quiet_s = store, folder, quiet_s
        self._tail = Tail(folder / "events.jsonl")
        self._stirred = time.monotonic()
        self.look()

    def look(self) -> list[str]:
        """Look again; return a line for each event that came."""
        rows = self._tail.read()
        lines = [line for row in rows if (line := self.journal.add(row))]
        self.now = standing(self._store, self._folder)
        if rows or self.now.state == "running":
            self._stirred = time.monotonic()
        return lines

    def is_over(self) -> bool:
        """Whether nothing more is to come: the run said its end, never began, or has not stirred for long."""
        if self.now.state == "running":
            return False
        is_quiet = time.monotonic() - self._stirred >= self._quiet_s
        return self.journal.ended is not None or self.journal.started is None or is_quiet


def _lines(eye: _Eye, console: Console, interval_s: float) -> Standing:
    """Print a line on what was before, and one for each event that comes."""
    now = eye.now
    said = headline(now, eye.journal, time.time())
    console.print(f"{printable(now.study)}: {now.done}/{now.steps} steps, {said}", soft_wrap=True)
    while not eye.is_over():
        began = time.monotonic()
        for line in eye.look():
            console.print(line, soft_wrap=True)
        _pause(began, interval_s)
    if eye.journal.ended is None and eye.journal.started is not None:
        console.print(f"no sign of life; {eye.now.status}")
    return eye.now


def _pause(began: float, interval_s: float) -> None:
    """Sleep for the rest of the interval, or longer where looking takes long."""
    spent = time.monotonic() - began
    time.sleep(max(interval_s - spent, spent * (1 / SHARE - 1)))
