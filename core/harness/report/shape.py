"""Parts of a result as reports read them, whatever stands there: a result of another version must not break a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.escape import printable

if TYPE_CHECKING:
    from collections.abc import Mapping


def mapping_of(value: object) -> Mapping[str, Any]:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def rows_of(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list."""
    return [row for row in list_of(value) if isinstance(row, dict)]


def list_of(value: object) -> list[Any]:
    """Return a list, or an empty one."""
    return list(value) if isinstance(value, list | tuple) else []


def text_of(value: object) -> str:
    """Return a value as text that cannot steer the terminal."""
    return printable("" if value is None else value)
