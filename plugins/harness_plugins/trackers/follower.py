"""A tracker on a thread of its own: one that is slow, hangs or fails holds up nothing and is named on standard error."""

from __future__ import annotations

import queue
import sys
import threading
from typing import TYPE_CHECKING

from harness import StudyFinished, printable
from harness_plugins.trackers.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness_plugins.trackers.sink import Sink

_WAIT_S = {"done": 60.0, "failed": 20.0, "interrupted": 2.0}
"""How long the end of a study waits for a tracker to write what is left."""


class Follower:
    """Feeds events to one tracker, in order."""

    def __init__(self, name: str, open_sink: Callable[[], Sink], *, wait_s: float | None = None) -> None:
        self.name = name
        self._open = open_sink
        self._wait_s = wait_s
        self._events: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._follow, name=f"tracker-{name}", daemon=True)
        self._thread.start()

    def tell(self, event: object) -> None:
        """Take an event; at the end of the study wait a while until all is written."""
        self._events.put(event)
        if isinstance(event, StudyFinished):
            self._thread.join(self._wait_s or _WAIT_S.get(event.status, 20.0))
            if self._thread.is_alive():
                self._say("did not finish in time; what it has not written is lost")

    def _follow(self) -> None:
        try:
            journal = Journal(self._open())
            while True:
                event = self._events.get()
                journal.tell(event)
                if isinstance(event, StudyFinished):
                    return
        except Exception as error:
            self._say(f"failed and is left out: {type(error).__name__}: {error}")

    def _say(self, what: str) -> None:
        sys.stderr.write(f"tracker {self.name!r} {printable(what)}\n")
