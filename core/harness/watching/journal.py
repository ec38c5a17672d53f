"""What a study's events tell, gathered as they come: when it was started, what failed, what was done last."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.escape import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

RECENT = 6


@dataclass(slots=True, kw_only=True)
class Journal:
    """The events of a study's latest run."""

    started: float | None = None
    """Clock time (seconds since 1970) of the latest start."""
    ended: str | None = None
    """`done`, `failed` or `interrupted`; None while it runs, or after a kill."""
    finished: int = 0
    """Steps done in this run."""
    failed: dict[str, str] = field(default_factory=dict)
    """Title and error of what failed in this run."""
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=RECENT))
    """A line each for the latest steps that ended."""

    def add(self, row: Mapping[str, Any]) -> str | None:
        """Take in an event; return a line on it for people, or None where it says nothing new."""
        event, step = row.get("event"), row.get("step")
        title = printable(step.get("title", "")) if isinstance(step, dict) else ""
        if event == "study_started":
            self.started, self.ended, self.finished = _number(row.get("time")), None, 0
            self.failed.clear()
            self.recent.clear()
            return f"started, {row.get('steps')} steps, {row.get('cached')} of them done before"
        if event == "step_finished":
            self.finished += 1
            self.failed.pop(title, None)
            said = "done elsewhere" if row.get("elsewhere") else f"done in {_number(row.get('seconds')) or 0.0:.1f} s"
            return self._noted(f"{title}: {said}")
        if event == "step_failed":
            self.failed[title] = printable(str(row.get("error", "")).splitlines()[0] if row.get("error") else "")
            return self._noted(f"{title}: FAILED: {self.failed[title]}")
        if event == "study_finished":
            self.ended = printable(row.get("status"))
            return f"{self.ended} after {_number(row.get('seconds')) or 0.0:.0f} s"
        return None

    def _noted(self, line: str) -> str:
        self.recent.append(line)
        return line


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
