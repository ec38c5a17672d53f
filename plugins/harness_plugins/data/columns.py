"""Columns of foreign rows: found by dotted names, read as text, filled into templates."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from harness import DataError

_MISSING: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a user's file and the words that say where it stands."""

    values: Mapping[str, Any]
    where: str
    """ "train.jsonl:17", the start of every message about it."""

    def get(self, name: str) -> Any:
        """Return a column's value, None where it is missing; `a.b` and `a.0` reach into objects and lists."""
        value = self._find(name)
        return None if value is _MISSING else value

    def text(self, name: str, setting: str) -> str:
        """Return a column's text; it must be there and not be empty.

        Args:
            name: the column.
            setting: the recipe's key that names it, for the message.

        Raises:
            DataError: the column is missing, empty, or no text.
        """
        value = self.get(name)
        if value is None:
            raise DataError(f"{self.where}: {setting}: {self._missing(name)}")
        if not isinstance(value, str):
            raise DataError(f"{self.where}: {setting}: column {name!r} holds {shown(value)}, not a text; name another")
        if not value.strip():
            raise DataError(f"{self.where}: {setting}: column {name!r} is empty; fill it or take the row out")
        return sound(value, f"{self.where}: {setting}")

    def label(self, name: str | None, setting: str, default: str = "") -> str | None:
        """Return a short value as text, whole numbers and decimals too; None where it is null or NaN.

        Args:
            name: the column, which must be there; None: the default column, which need not.
            setting: the recipe's key that names it, for the message.
            default: the default column.

        Raises:
            DataError: the column is missing, or the value is a truth value, a list or an object.
        """
        value = self._find(default if name is None else name)
        if value is _MISSING and name is not None:
            raise DataError(f"{self.where}: {setting}: {self._missing(name)}")
        if value is None or value is _MISSING or value != value:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            column = default if name is None else name
            raise DataError(f"{self.where}: {setting}: column {column!r} holds {shown(value)}, not a text or number")
        return sound(value if isinstance(value, str) else repr(value), f"{self.where}: {setting}")

    def _find(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        value: Any = self.values
        for part in name.split("."):
            if isinstance(value, Mapping) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdecimal() and len(part) < 9 and int(part) < len(value):
                value = value[int(part)]
            else:
                return _MISSING
        return value

    def _missing(self, name: str) -> str:
        columns = [str(column) for column in self.values]
        fault = f"column {name!r} is null" if name in self.values else f"no column {name!r}"
        near = get_close_matches(name, columns, n=1)
        if near and near[0] != name:
            return f"{fault}; did you mean {near[0]!r}?"
        return f"{fault}; the columns are: {', '.join(columns[:20]) or 'none'}"


def check_template(template: str, setting: str) -> None:
    """Check that a template has only `{column}` placeholders.

    Raises:
        ValueError: braces do not match, or a placeholder is empty or carries a format.
    """
    _pieces(template, setting)


def fill(template: str, row: Row, setting: str) -> str:
    """Replace each `{column}` of a checked template by the row's value.

    Raises:
        DataError: a column is missing or holds no text or number.
    """
    parts: list[str] = []
    for literal, name in _pieces(template, setting):
        parts.append(literal)
        if name is not None:
            value = row.label(name, setting)
            parts.append(row.text(name, setting) if value is None else value)
    return "".join(parts)


def sound(text: str, where: str) -> str:
    """Return the text if UTF-8 can hold it.

    Raises:
        DataError: it has half of a surrogate pair; the message opens with `where`.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{where}: character {error.start + 1} is half of a surrogate pair; repair the text") from None
    return text


def shown(value: Any) -> str:
    """Return a value as a message shows it, cut to 60 characters."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _pieces(template: str, setting: str) -> list[tuple[str, str | None]]:
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"{setting!r}: {error}; write a brace that is meant as such twice: '{{{{' or '}}}}'") from None
    for _, name, form, conversion in pieces:
        if name is not None and (not name or form or conversion):
            raise ValueError(f"{setting!r}: a placeholder is a column in braces, like {{question}}; double other braces")
    return [(literal, name) for literal, name, _, _ in pieces]
