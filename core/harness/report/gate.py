"""A gate's decision on a terminal: a line a rule, and the sum."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from harness.escape import printable
from harness.report.figures import number, signed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console


def print_gate(found: Mapping[str, Any], console: Console) -> None:
    """Print a decision for people.

    Args:
        found: from `Gate.to_json`.
        console: from `open_console`.
    """
    for line in _lines(found):
        for part in wrap(line, console.width, subsequent_indent=" " * 6, break_long_words=False, break_on_hyphens=False):
            console.print(part, soft_wrap=True)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    for row in found["rules"]:
        yield f"{'pass' if row['holds'] else 'FAIL'}  {printable(row['rule'])}: {printable(_finding(row, found))}"
    kept, total = sum(row["holds"] for row in found["rules"]), len(found["rules"])
    end = "goes on" if found["passed"] else "falls short"
    yield f"{kept} of {total} {'rule holds' if total == 1 else 'rules hold'}: {printable(repr(found['candidate']))} {end}"


def _finding(row: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    if row["undefined"]:
        return f"undefined ({row['reason']}), which counts as {'kept' if row['holds'] else 'broken'} (--undefined)"
    text = f"{number(row['value'])} against {number(row['threshold'])}"
    interval = row["interval"]
    if interval is None:
        demanded = ", which --confident demands" if found["confident"] else ""
        return f"{text}; no interval{demanded} ({row['reason']})"
    if interval["of"] == "value":
        text += f"; 95 % interval [{number(interval['low'])}, {number(interval['high'])}]"
    else:
        ends = f"[{signed(interval['low'])}, {signed(interval['high'])}]"
        text += f"; paired difference {signed(interval['value'])} {ends}"
    end = "lower" if ">" in row["rule"] else "upper"
    return f"{text}, {'holds' if row['holds_at_end'] else 'does not hold'} at its {end} end"
