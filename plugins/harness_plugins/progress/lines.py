"""Plain lines for logs and pipes: one at the start, one a finished step, and a sign of life every ten seconds."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, TextIO

from harness import printable
from harness_plugins.progress.ledger import Ledger, clock, left_text

if TYPE_CHECKING:
    from harness import StepFailed, StepFinished, StepProgressed, StepStarted, StudyFinished, StudyStarted

HEARTBEAT_S = 10.0


class Lines:
    """Writes lines; a daemon thread adds the sign of life, since a silent step must not silence the study."""

    def __init__(self, out: TextIO | None = None, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._out = out or sys.stderr
        self._heartbeat_s = heartbeat_s
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._ledger = Ledger(workers=1, total=0, done=0, waiting={})
        self._began = self._spoke = time.monotonic()

    def study_started(self, event: StudyStarted) -> None:
        """Say at once what is going to happen."""
        self._ledger = Ledger.open(event)
        self._began = time.monotonic()
        self._say(
            f"study {printable(event.study)}: {len(event.steps)} steps, {len(event.cached)} cached, "
            f"{event.workers} workers, writing {printable(event.folder)}"
        )
        threading.Thread(target=self._beat, name="progress-heartbeat", daemon=True).start()

    def step_started(self, event: StepStarted) -> None:
        """Only remember it."""
        with self._lock:
            self._ledger.start(event.step, time.monotonic())

    def step_progressed(self, event: StepProgressed) -> None:
        """Only remember it."""
        with self._lock:
            self._ledger.advance(event, time.monotonic())

    def step_finished(self, event: StepFinished) -> None:
        """Write a line."""
        with self._lock:
            self._ledger.finish(event.step, None if event.elsewhere else event.seconds)
        tokens = f", {event.tokens:,} tokens" if event.tokens else ""
        by = " (by another run)" if event.elsewhere else ""
        self._say(f"{self._count()} {printable(event.step.title)}: {event.seconds:.1f} s{tokens}{by}")

    def step_failed(self, event: StepFailed) -> None:
        """Write what failed and where its log lies."""
        with self._lock:
            self._ledger.drop(event.step)
        log = f"; log: {printable(event.log)}" if event.log else ""
        self._say(f"{self._count()} FAILED {printable(event.step.title)}: {printable(event.error)}{log}")

    def study_finished(self, event: StudyFinished) -> None:
        """Stop the signs of life and say how it ended."""
        self._over.set()
        self._say(f"study {printable(event.study)}: {event.status} after {clock(event.seconds)}")

    def _beat(self) -> None:
        while not self._over.wait(max(0.05, self._spoke + self._heartbeat_s - time.monotonic())):
            if time.monotonic() - self._spoke >= self._heartbeat_s:
                self._say(self._state())

    def _state(self) -> str:
        with self._lock:
            now = time.monotonic()
            parts = [f"{clock(now - self._began)} gone", left_text(self._ledger.left(now))]
            for running in self._ledger.running.values():
                about = [f"{running.share:.0%}" if running.share else clock(now - running.since), running.note]
                parts.append(f"{running.title} ({', '.join(filter(None, about))})")
        return f"{self._count()} {'; '.join(filter(None, parts))}"

    def _count(self) -> str:
        width = len(str(self._ledger.total))
        return f"[{self._ledger.done:{width}}/{self._ledger.total}]"

    def _say(self, line: str) -> None:
        self._spoke = time.monotonic()
        print(line, file=self._out, flush=True)
