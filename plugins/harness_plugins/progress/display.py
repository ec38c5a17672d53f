"""progress: show how far a study is, on standard error.

A live display on a terminal (Rich, imported with the first event), plain lines elsewhere. HARNESS_PROGRESS chooses:
`off`, `lines`, `live`, or `auto`, the default.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Protocol

from harness import hookimpl

if TYPE_CHECKING:
    from harness import StepFailed, StepFinished, StepProgressed, StepStarted, StudyFinished, StudyStarted


class Display(Protocol):
    """Something that shows events."""

    def study_started(self, event: StudyStarted) -> None:
        """See hook harness_study_started."""

    def step_started(self, event: StepStarted) -> None:
        """See hook harness_step_started."""

    def step_progressed(self, event: StepProgressed) -> None:
        """See hook harness_step_progressed."""

    def step_finished(self, event: StepFinished) -> None:
        """See hook harness_step_finished."""

    def step_failed(self, event: StepFailed) -> None:
        """See hook harness_step_failed."""

    def study_finished(self, event: StudyFinished) -> None:
        """See hook harness_study_finished."""


def choose(mode: str, is_terminal: bool) -> type[Display] | None:
    """Return the display for a value of HARNESS_PROGRESS; None for `off`."""
    if mode == "off":
        return None
    if mode == "live" or (mode != "lines" and is_terminal):
        from harness_plugins.progress.live import Live

        return Live
    from harness_plugins.progress.lines import Lines

    return Lines


@cache
def _display() -> Display | None:
    """Open the one display of this process: it has one standard error."""
    is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    chosen = choose(os.environ.get("HARNESS_PROGRESS", "auto"), is_terminal)
    return chosen() if chosen else None


@hookimpl
def harness_study_started(event: StudyStarted) -> None:
    """Open a display."""
    _display.cache_clear()
    if display := _display():
        display.study_started(event)


@hookimpl
def harness_step_started(event: StepStarted) -> None:
    """Show a step as running."""
    if display := _display():
        display.step_started(event)


@hookimpl
def harness_step_progressed(event: StepProgressed) -> None:
    """Move a step's bar."""
    if display := _display():
        display.step_progressed(event)


@hookimpl
def harness_step_finished(event: StepFinished) -> None:
    """Count a step as done."""
    if display := _display():
        display.step_finished(event)


@hookimpl
def harness_step_failed(event: StepFailed) -> None:
    """Show what failed."""
    if display := _display():
        display.step_failed(event)


@hookimpl
def harness_study_finished(event: StudyFinished) -> None:
    """Close the display."""
    if display := _display():
        display.study_finished(event)
