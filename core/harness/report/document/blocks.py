"""What a report is made of, whatever it is written as: sections of text, tables and charts.

All text in here is plain: whoever writes it out (HTML, Markdown, CSV) escapes it for that format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.report.study.samples import SampleSet

Role = Literal["plain", "lead", "note"]
Emphasis = Literal["plain", "strong", "faint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph."""

    text: str
    role: Role = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: what people read, and the number behind it where there is one."""

    text: str
    note: str = ""
    """A remark on it, which its CSV leaves out."""
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column's heading; figures stand right, text left."""

    heading: str
    is_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; the first cell names it."""

    cells: tuple[Cell, ...]
    emphasis: Emphasis = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with a caption."""

    name: str
    """Of its CSV file."""
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    folded: bool = False
    """Detail that a reader opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A Vega-Lite chart."""

    name: str
    """Of its PNG file."""
    title: str
    description: str
    """What a reader who does not see it must know."""
    spec: Mapping[str, Any]
    """Vega-Lite without `config`, which the theme adds; colours are `marks.COLOURS`."""
    stretches: bool = True
    """Whether its width follows the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Small charts side by side."""

    charts: tuple[Chart, ...]
    folded: str = ""
    """Where they are detail: the line that opens them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A figure that stands out, with its label."""

    label: str
    figure: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Figures that stand out."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Text of a file, line by line."""

    summary: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """The samples, to be looked through."""

    samples: SampleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """HTML that a plug-in made; it stands as it is, and the page runs no script of it."""

    html: str


Block = Text | Table | Chart | Grid | Facts | Source | Browser | Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report with a heading of its own."""

    id: str
    """Letters, digits and dashes; links lead to it."""
    title: str
    blocks: tuple[Block, ...]
    label: str = ""
    """The title in a word or two, for the list of sections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
