"""Tables: a caption, headings that sort, figures aligned, rows that can be linked to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.leaderboard.site.markup import Html, link, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.leaderboard.site.markup import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading."""

    name: str
    is_text: bool = False
    hint: str = ""
    """What it means, in a few words."""
    sorts: bool = True
    is_long: bool = False
    """Text that wraps, and needs some room for it."""

    @property
    def style(self) -> str:
        """Its class."""
        return f"{'text' if self.is_text else 'figure'}{' long' if self.is_long else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure or text, with what it sorts by."""

    shown: Content
    by: float | str | None = None
    """None sorts last, either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line; the first cell names it."""

    cells: Sequence[Cell]
    identity: str | None = None
    """So that it can be linked to."""
    classes: tuple[str, ...] = field(default=())


def table(caption: Content, columns: Sequence[Column], rows: Sequence[Row], *, label: str) -> Html:
    """Return a table that scrolls by itself on a narrow screen.

    Args:
        caption: shown above it.
        columns: the headings.
        rows: as long as the columns each.
        label: the caption in plain words, for the scrolling region.
    """
    heads = [
        tag(
            "th",
            column.name,
            scope="col",
            class_=column.style,
            title=column.hint or None,
            data_sorts="" if column.sorts else None,
        )
        for column in columns
    ]
    body = [_row(row, columns) for row in rows]
    inside = tag(
        "table",
        tag("caption", tag("span", caption)),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *body),
        class_="sortable",
    )
    return tag("div", inside, class_="scroll", role="region", tabindex=0, aria_label=label)


def _row(row: Row, columns: Sequence[Column]) -> Html:
    cells = []
    for place, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
        shown = cell.shown
        if place == 0:
            mark = link(f"#{row.identity}", "#", class_="mark", aria_label="Link to this row") if row.identity else None
            cells.append(tag("th", shown, mark, scope="row", data_by=_key(cell)))
        else:
            cells.append(tag("td", shown, class_=column.style, data_by=_key(cell)))
    return tag("tr", *cells, id=row.identity, class_=" ".join(row.classes) or None)


def _key(cell: Cell) -> str | None:
    if cell.by is None:
        return None
    return cell.by if isinstance(cell.by, str) else repr(float(cell.by))
