"""Ctrl-C and SIGTERM in commands that can go on where they stopped."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextlib.contextmanager
def resumable() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C, and end with one line and exit code 130 when either comes."""
    before = signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("interrupted; what is finished is kept: run the same command to go on", err=True)
        sys.exit(130)
    finally:
        signal.signal(signal.SIGTERM, before)


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
