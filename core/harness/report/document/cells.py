"""Cells from the figures of a result."""

from __future__ import annotations

from harness.report.document.blocks import Cell, Column
from harness.report.figures import bounds, clock, count, number, signed, with_interval


def word(text: object) -> Cell:
    """Make a cell of text."""
    return Cell(text="" if text is None else str(text))


def figure(value: object) -> Cell:
    """Make a cell of an estimate, with its interval where it has one: 0.367 [0.350, 0.384]."""
    found = bounds(value)
    return Cell(text=with_interval(found), value=found.value, low=found.low, high=found.high)


def difference(value: object) -> Cell:
    """Make a cell of a difference: +0.041 [+0.020, +0.062]."""
    found = bounds(value)
    text = signed(found.value)
    if found.value is not None and found.low is not None and found.high is not None:
        text += f" [{signed(found.low)}, {signed(found.high)}]"
    return Cell(text=text, value=found.value, low=found.low, high=found.high)


def plain(value: object) -> Cell:
    """Make a cell of an estimate without its interval."""
    return Cell(text=number(value), value=bounds(value).value)


def whole(value: object) -> Cell:
    """Make a cell of a count."""
    return Cell(text=count(value), value=bounds(value).value)


def span(seconds: object) -> Cell:
    """Make a cell of a time span in seconds."""
    return Cell(text=clock(seconds), value=bounds(seconds).value)


def columns(*headings: str, left: int = 1, last_is_text: bool = False) -> tuple[Column, ...]:
    """Head columns: the first `left` are text, and the last one where that is said."""
    last = len(headings) - 1
    return tuple(Column(heading=h, is_text=i < left or (last_is_text and i == last)) for i, h in enumerate(headings))
