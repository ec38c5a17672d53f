"""A live display for terminals: a bar for the study, and a line for each step that runs."""

from __future__ import annotations

import atexit
import threading
import time
from typing import TYPE_CHECKING

from harness import printable
from harness_plugins.progress.ledger import Ledger, Running, clock, left_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from harness import StepFailed, StepFinished, StepProgressed, StepStarted, StudyFinished, StudyStarted

BAR_WIDTH = 24
MAX_LINES = 16
"""More running steps than this are summed up in one line."""


class Live:
    """Redraws four times a second from the ledger; finished steps leave no trace, failed ones a line above."""

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self._console = console or Console(stderr=True, markup=False, emoji=False, highlight=False)
        self._lock = threading.Lock()
        self._ledger = Ledger(workers=1, total=0, done=0, waiting={})
        self._study = ""
        self._began = time.monotonic()
        # Standard output may be JSON for a pipe: it is not ours to redirect.
        self._live = RichLive(
            console=self._console, get_renderable=self._draw, refresh_per_second=4, transient=True, redirect_stdout=False
        )

    def study_started(self, event: StudyStarted) -> None:
        """Say at once what is going to happen and open the display."""
        self._ledger = Ledger.open(event)
        self._study = printable(event.study)
        self._began = time.monotonic()
        self._console.print(
            f"study {self._study}: {len(event.steps)} steps, {len(event.cached)} cached, {event.workers} workers, "
            f"writing {printable(event.folder)}",
            soft_wrap=True,
        )
        atexit.register(self._live.stop)  # a terminal must get its cursor back
        self._live.start()

    def step_started(self, event: StepStarted) -> None:
        """Add a line."""
        with self._lock:
            self._ledger.start(event.step, time.monotonic())

    def step_progressed(self, event: StepProgressed) -> None:
        """Move a bar."""
        with self._lock:
            self._ledger.advance(event, time.monotonic())

    def step_finished(self, event: StepFinished) -> None:
        """Take the line away and move the study's bar."""
        with self._lock:
            self._ledger.finish(event.step, None if event.elsewhere else event.seconds)

    def step_failed(self, event: StepFailed) -> None:
        """Leave a line above the display."""
        with self._lock:
            self._ledger.drop(event.step)
        log = f"; log: {printable(event.log)}" if event.log else ""
        text = f"FAILED {printable(event.step.title)}: {printable(event.error)}{log}"
        self._console.print(text, style="red", soft_wrap=True)

    def study_finished(self, event: StudyFinished) -> None:
        """Close the display and say how it ended."""
        self._live.stop()
        atexit.unregister(self._live.stop)
        self._console.print(f"study {self._study}: {event.status} after {clock(event.seconds)}", soft_wrap=True)

    def _draw(self) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        grid = Table.grid(padding=(0, 1), expand=False)
        for column in ("title", "bar", "share", "rest"):
            grid.add_column(no_wrap=True, overflow="ellipsis", width=BAR_WIDTH if column == "bar" else None)
        with self._lock:
            now = time.monotonic()
            ledger = self._ledger
            done = f"{ledger.done}/{ledger.total}"
            rest = f"{clock(now - self._began)} gone, {left_text(ledger.left(now))}".rstrip(", ")
            bar = ProgressBar(total=max(1, ledger.total), completed=ledger.done, width=BAR_WIDTH)
            grid.add_row(f"study {self._study}", bar, done, rest, style="bold")
            running = list(ledger.running.values())
            for step in running[:MAX_LINES]:
                bar = ProgressBar(total=1, completed=step.share, width=BAR_WIDTH)
                grid.add_row(step.title, bar, f"{step.share:4.0%}", _rest(step, now))
        if len(running) > MAX_LINES:
            grid.add_row(f"and {len(running) - MAX_LINES} more")
        return grid


def _rest(step: Running, now: float) -> str:
    """Say what a step noted and how long it will take; its age where it has not said."""
    time_text = f"{clock(step.left)} left" if step.left is not None else f"{clock(now - step.since)} gone"
    return ", ".join(filter(None, (time_text, step.note)))
