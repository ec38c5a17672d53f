"""Blocks as HTML. Everything that came from outside passes through `escape`; only a plug-in's own markup does not."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from harness.report.document.blocks import Browser, Chart, Facts, Grid, Markup, Source, Table, Text
from harness.report.html.browser import browser_html
from harness.report.html.drawing import svg
from harness.report.html.embed import data_element

if TYPE_CHECKING:
    from harness.report.document.blocks import Block, Column, Row


class Blocks:
    """Writes blocks and numbers the charts and tables of one page."""

    def __init__(self) -> None:
        self._charts = 0
        self._tables = 0

    def html(self, block: Block) -> str:
        """Return a block as HTML."""
        match block:
            case Text():
                return f'<p class="{block.role}">{escape(block.text)}</p>'
            case Table():
                self._tables += 1
                inner = table(block, f"table-{self._tables}")
                return folded(block.caption, inner) if block.folded else inner
            case Chart():
                return self._chart(block, "h3")
            case Grid():
                inner = "".join(self._chart(chart, "h3") for chart in block.charts)
                grid = f'<div class="grid">{inner}</div>'
                return folded(block.folded, grid) if block.folded else grid
            case Facts():
                return facts(block)
            case Source():
                shown = f'<pre class="source" tabindex="0" role="region" aria-label="{escape(block.summary)}">'
                return folded(block.summary, f"{shown}{escape(block.text)}</pre>")
            case Browser():
                return browser_html(block.samples)
            case Markup():
                return f'<div class="markup">{block.html}</div>'

    def _chart(self, chart: Chart, heading: str) -> str:
        """Return a drawing, what it says in words, and its description for the page's script to draw it anew."""
        self._charts += 1
        number = self._charts
        label = escape(f"Chart: {chart.title}. {chart.description}")
        scrolls = "" if chart.stretches else ' tabindex="0"'
        return (
            f'<figure class="chart" id="chart-{number}" data-stretch="{int(chart.stretches)}">'
            f"<{heading}>{escape(chart.title)}</{heading}>"
            f'<div class="drawing"{scrolls} role="img" aria-label="{label}">{svg(chart, number)}</div>'
            f"<figcaption>{escape(chart.description)}</figcaption>"
            f"{data_element(f'spec-{number}', chart.spec)}</figure>"
        )


def folded(summary: str, inner: str) -> str:
    """Return something that a reader opens."""
    return f"<details><summary>{escape(summary)}</summary>{inner}</details>"


def table(block: Table, name: str) -> str:
    """Return a table that scrolls in itself where it is wider than the page; `name` is its id."""
    head = "".join(_heading(column) for column in block.columns)
    body = "".join(_row(row, block.columns) for row in block.rows)
    # Not a <caption>: it would be as wide as the table and scroll away with it.
    caption = f'<p class="caption" id="{name}"{" hidden" if block.folded else ""}>{escape(block.caption)}</p>'
    return (
        f'{caption}<div class="scroll" tabindex="0" role="region" aria-labelledby="{name}">'
        f'<table aria-labelledby="{name}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _heading(column: Column) -> str:
    return f'<th scope="col"{"" if column.is_text else _FIGURE}>{escape(column.heading)}</th>'


_FIGURE = ' class="figure"'


def _row(row: Row, columns: tuple[Column, ...]) -> str:
    first, *others = row.cells
    note = f' <span class="remark">{escape(first.note)}</span>' if first.note else ""
    cells = [f'<th scope="row">{escape(first.text)}{note}</th>']
    for cell, column in zip(others, columns[1:], strict=True):
        cells.append(f"<td{'' if column.is_text else _FIGURE}>{_figure(cell.text)}</td>")
    return f'<tr class="{row.emphasis}">{"".join(cells)}</tr>'


def _figure(text: str) -> str:
    """Set an interval apart from its estimate."""
    start, mark, rest = text.partition(" [")
    if not mark or "]" not in rest:
        return escape(text)
    interval, _, end = rest.partition("]")
    return f'{escape(start)} <span class="interval">[{escape(interval)}]</span>{escape(end)}'


def facts(block: Facts) -> str:
    """Return the figures that stand out."""
    parts = []
    for fact in block.facts:
        aside = f'<dd class="aside">{escape(fact.note)}</dd>' if fact.note else ""
        parts.append(f"<div><dt>{escape(fact.label)}</dt><dd>{escape(fact.figure)}</dd>{aside}</div>")
    return f'<dl class="facts">{"".join(parts)}</dl>'
