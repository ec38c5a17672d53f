"""Make text from outside (names, paths, model output) safe to show on a terminal."""

from __future__ import annotations


def printable(text: object) -> str:
    """Escape control characters, ANSI sequences and bidirectional overrides; everything one can see stays as it is."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))
