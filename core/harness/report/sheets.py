"""A report's tables as CSV, full precision, an interval in columns of its own."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from harness.report.document.blocks import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.report.document import Document

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes text that begins so for a formula (OWASP, CSV injection)."""


def sheets(document: Document) -> Iterator[tuple[str, str]]:
    """Yield (name, CSV) of every table."""
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                yield block.name, sheet(block)


def sheet(table: Table) -> str:
    """Return a table as CSV (RFC 4180): numbers as they are, text so that no spreadsheet runs it."""
    has_interval = [any(row.cells[i].low is not None for row in table.rows) for i in range(len(table.columns))]
    has_number = [any(row.cells[i].value is not None for row in table.rows) for i in range(len(table.columns))]
    head: list[str] = []
    for column, interval in zip(table.columns, has_interval, strict=True):
        head += [_text(column.heading), *([f"{column.heading} low", f"{column.heading} high"] if interval else [])]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    for row in table.rows:
        written: list[str] = []
        for cell, interval, number in zip(row.cells, has_interval, has_number, strict=True):
            written.append(_number(cell.value) if number else _text(cell.text))
            written += [_number(cell.low), _number(cell.high)] if interval else []
        writer.writerow(written)
    return out.getvalue()


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
