"""A report as Markdown (GitHub's): text and tables; charts go by their descriptions, samples stay in the store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.report.document.blocks import Browser, Chart, Facts, Grid, Markup, Source, Table, Text

if TYPE_CHECKING:
    from harness.report.document import Document
    from harness.report.document.blocks import Block

_MEANT = re.compile(r"([\\`*_{}\[\]<>#|~!@$])")
"""What Markdown, the HTML inside it, mentions or formulae would take for more than a letter."""
_START = re.compile(r"^(\d*)([-+.)])(?=\s)")
"""What would begin a list."""


def markdown(document: Document) -> str:
    """Return the report as Markdown."""
    parts = [f"# {escaped(document.title)}", escaped(document.subtitle)]
    for section in document.sections:
        shown = [text for block in section.blocks if (text := _block(block))]
        if shown:
            parts += [f"## {escaped(section.title)}", *shown]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Escape everything that Markdown reads as more than text; line breaks become blanks."""
    flat = " ".join(text.split())
    return _START.sub(r"\1\\\2", _MEANT.sub(r"\\\1", flat))


def _block(block: Block) -> str:
    match block:
        case Text():
            text = escaped(block.text)
            return {"lead": f"**{text}**", "note": f"> {text}"}.get(block.role, text)
        case Table():
            return _table(block)
        case Chart():
            return f"*{escaped(block.title)}.* {escaped(block.description)}"
        case Grid():
            lines = (f"- *{escaped(chart.title)}.* {escaped(chart.description)}" for chart in block.charts)
            return "\n".join(lines)
        case Facts():
            lines = (
                f"- {escaped(fact.label)}: {escaped(fact.figure)}{f' ({escaped(fact.note)})' if fact.note else ''}"
                for fact in block.facts
            )
            return "\n".join(lines)
        case Source() | Browser() | Markup():
            return ""


def _table(block: Table) -> str:
    lines = ["| " + " | ".join(escaped(column.heading) for column in block.columns) + " |"]
    lines.append("|" + "|".join("---" if column.is_text else "---:" for column in block.columns) + "|")
    for row in block.rows:
        mark = "**" if row.emphasis == "strong" else ""
        cells = [escaped(f"{cell.text} ({cell.note})" if cell.note else cell.text) for cell in row.cells]
        cells[0] = f"{mark}{cells[0]}{mark}" if cells[0] else ""
        lines.append("| " + " | ".join(cells) + " |")
    return f"{escaped(block.caption)}\n\n" + "\n".join(lines)
