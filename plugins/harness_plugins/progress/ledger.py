"""What is done, what runs, and how long the rest may take; pure, so that both displays say the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from harness import printable

if TYPE_CHECKING:
    from harness import StepInfo, StepProgressed, StudyStarted


@dataclass(slots=True)
class Running:
    """A step somebody works on."""

    title: str
    sort: str
    since: float
    """Clock time of its start."""
    share: float = 0.0
    """Part done, 0 to 1; 0 where the step has not said."""
    left: float | None = None
    """Seconds left by its own account."""
    note: str = ""


@dataclass(slots=True)
class Ledger:
    """A study's steps as events tell of them."""

    workers: int
    total: int
    done: int
    waiting: dict[str, str]
    """Steps to do by key, with their sort: steps of one sort take about the same time."""
    running: dict[str, Running] = field(default_factory=dict)
    measured: dict[str, list[float]] = field(default_factory=dict)
    """Seconds of the steps that this process saw finish, by sort."""

    @classmethod
    def open(cls, event: StudyStarted) -> Ledger:
        """Begin with what is cached counted as done."""
        waiting = {s.key: sort_of(s) for s in event.steps if s.key not in event.cached}
        return cls(
            workers=max(1, event.workers), total=len(event.steps), done=len(event.steps) - len(waiting), waiting=waiting
        )

    def start(self, step: StepInfo, now: float) -> None:
        """Note that a step runs."""
        self.waiting.pop(step.key, None)
        self.running[step.key] = Running(title=printable(step.title), sort=sort_of(step), since=now)

    def advance(self, event: StepProgressed, now: float) -> Running:
        """Note how far a step is; its time left follows from its own speed."""
        if event.step.key not in self.running:
            self.start(event.step, now - event.seconds)
        running = self.running[event.step.key]
        running.share = min(1.0, max(0.0, event.done / event.total)) if event.total > 0 else 0.0
        running.left = event.seconds * (1 / running.share - 1) if running.share > 0 and event.seconds > 0 else None
        running.note = printable(event.note)
        return running

    def finish(self, step: StepInfo, seconds: float | None) -> None:
        """Note that a step is done; None where its time says nothing about others (done elsewhere, or failed)."""
        self.running.pop(step.key, None)
        self.waiting.pop(step.key, None)
        self.done += 1
        if seconds is not None:
            self.measured.setdefault(sort_of(step), []).append(seconds)

    def drop(self, step: StepInfo) -> None:
        """Forget a step that failed."""
        self.running.pop(step.key, None)
        self.waiting.pop(step.key, None)

    def left(self, now: float) -> tuple[float, bool] | None:
        """Estimate the seconds left and say whether that is the whole (True) or the least (False).

        Work left over workers, but no less than the longest step that runs. Steps of a sort that nobody has measured
        yet count nothing, which makes the estimate a lower bound.
        """
        known = {sort: fmean(seconds) for sort, seconds in self.measured.items()}
        whole = True
        work = longest = 0.0
        for running in self.running.values():
            own = running.left
            if own is None and running.sort in known:
                own = max(0.0, known[running.sort] - (now - running.since))
            whole = whole and own is not None
            work += own or 0.0
            longest = max(longest, own or 0.0)
        for sort in self.waiting.values():
            whole = whole and sort in known
            work += known.get(sort, 0.0)
        if not (self.running or self.waiting) or (not known and work == 0):
            return None
        return max(work / self.workers, longest), whole


def sort_of(step: StepInfo) -> str:
    """Name the sort of a step: its kind, and of its title the first part and the phase, if it names one.

    "sample · half x2 · dag-7 · after RL" -> "sample/sample/after RL": phases may ask for other numbers of samples.
    """
    parts = step.title.split(" · ")
    return "/".join([step.kind, parts[0], *parts[3:]])


def clock(seconds: float) -> str:
    """Write a time span briefly: 8 s, 3 m 05 s, 1 h 02 m."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def left_text(left: tuple[float, bool] | None) -> str:
    """Write an estimate: "about 3 m 05 s left", or "at least" where not everything is known."""
    if left is None:
        return ""
    seconds, whole = left
    return f"{'about' if whole else 'at least'} {clock(seconds)} left"
