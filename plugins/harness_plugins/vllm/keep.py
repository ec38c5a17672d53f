"""Keep one loaded model for the next step of the same worker, for a while.

The host opens an engine in each step; loading a large model may take longer than what the step then draws.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from harness_plugins.vllm.session import Session


class Keeper:
    """Holds at most one session that nobody uses, and closes it when its time is over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._mark: Hashable = None
        self._timer: threading.Timer | None = None

    def take(self, mark: Hashable) -> Session | None:
        """Return the session that was kept under a mark; one kept under another is closed."""
        with self._lock:
            session, found = self._session, self._mark
            self._forget()
        if session is not None and found != mark:
            session.close()
            return None
        return session

    def keep(self, mark: Hashable, session: Session, seconds: float) -> None:
        """Keep a session so long, unless it is taken before."""
        with self._lock:
            before = self._session
            self._forget()
            self._session, self._mark = session, mark
            self._timer = threading.Timer(seconds, self._expire, (session,))
            self._timer.daemon = True
            self._timer.start()
        if before is not None:
            before.close()

    def _expire(self, session: Session) -> None:
        with self._lock:
            if self._session is not session:
                return
            self._forget()
        session.close()

    def _forget(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._session, self._mark, self._timer = None, None, None


KEEPER = Keeper()
"""This process's; empty unless a recipe asks for keep_s."""
