"""The terminal as reports see it: colour and the real width on a terminal, plain text elsewhere."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH = 100
"""Columns where the output is no terminal and COLUMNS does not say otherwise."""


def open_console(file: IO[str] | None = None) -> Console:
    """Open a console on `file` (standard output if None); NO_COLOR, COLUMNS and TERM=dumb are honoured.

    Nothing is read as markup and nothing is highlighted: names of candidates and plug-ins are shown as they are.
    """
    from rich.console import Console

    stream = file if file is not None else sys.stdout
    plain = not stream.isatty()
    width = PLAIN_WIDTH if plain and not os.environ.get("COLUMNS", "").isdigit() else None
    return Console(
        file=stream,
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
        no_color=True if plain else None,
        force_terminal=False if plain else None,
    )
