"""Text from outside made fit for a report: nothing in it steers a terminal, a page or the order of letters."""

from __future__ import annotations

from typing import Any

from harness.escape import printable

LONGEST = 2_000
"""Characters of a name or sentence; a longer one is cut in the middle, and says so."""

KEPT = frozenset("\n\t")


def clean(value: Any) -> Any:
    """Return a JSON value with every string, keys too, made visible and cut."""
    if isinstance(value, str):
        return printable(shortened(value, LONGEST))
    if isinstance(value, dict):
        return {clean(name): clean(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [clean(part) for part in value]
    return value


def visible(text: str) -> str:
    """Escape what one cannot see (control characters, overrides of direction), but keep line breaks and tabs."""
    if text.isprintable():
        return text
    return "".join(c if c in KEPT or c.isprintable() else printable(c) for c in text)


def shortened(text: str, limit: int) -> str:
    """Cut a text in the middle to about `limit` characters, and say how much is gone."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} [… {len(text) - 2 * half:,} characters left out …] {text[-half:]}"
