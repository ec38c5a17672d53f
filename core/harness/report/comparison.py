"""A paired comparison on a terminal."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from harness.escape import printable
from harness.report.figures import bounds, number, signed
from harness.report.plain import plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console
    from rich.table import Table

WHEN = {"pre": "before RL", "post": "after RL"}
COLUMNS = ("A", "B", "difference", "+ : - : =", "sign test", "sign flip")
ALPHA = 0.05


def print_comparison(found: Mapping[str, Any], console: Console) -> None:
    """Print a comparison for people.

    Args:
        found: from `harness.comparison.compare`.
        console: from `open_console`.
    """
    for letter in ("a", "b"):
        side = found[letter]
        candidate = f"  {printable(side['candidate'])}" if side["candidate"] else ""
        console.print(f"{letter.upper()}  {printable(side['result'])}{candidate}", soft_wrap=True)
    console.print()
    for title, table in _candidates(found) if found["a"]["candidate"] is None else _benchmarks(found):
        console.print(f"A minus B, {title}, paired by problem (95 % intervals)", style="bold", soft_wrap=True)
        console.print(table)
        console.print()
    for line in _closing(found):
        for part in wrap(line, console.width, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False):
            console.print(part, soft_wrap=True)


def _benchmarks(found: Mapping[str, Any]) -> Iterator[tuple[str, Table]]:
    """Yield one table a phase: a row each k, its benchmarks under it."""
    for phase in dict.fromkeys(row["phase"] for row in found["rows"]):
        table = plain_table(["pass@k", *COLUMNS], left=1)
        for row in found["rows"]:
            if row["phase"] == phase:
                table.add_row(f"pass@{row['k']}", *_cells(row), style="bold" if row["per_benchmark"] else None)
                for part in row["per_benchmark"]:
                    table.add_row(f"  {printable(part['benchmark'])}", *_cells(part))
        yield WHEN[phase], table


def _candidates(found: Mapping[str, Any]) -> Iterator[tuple[str, Table]]:
    """Yield one table a phase and k: a row each candidate, the mean over them last."""
    for phase, k in dict.fromkeys((row["phase"], row["k"]) for row in found["rows"]):
        table = plain_table(["candidate", *COLUMNS, "Holm"], left=1)
        for row in found["rows"]:
            if (row["phase"], row["k"]) == (phase, k):
                table.add_row(printable(row["candidate_a"]), *_cells(row), probability(row["sign_flip"]["p_holm"]))
        for mean in found["mean_over_candidates"]:
            if (mean["phase"], mean["k"]) == (phase, k):
                table.add_row(f"mean of {mean['candidates']}", "", "", _difference(mean["difference"]), style="bold")
        yield f"pass@{k} {WHEN[phase]}", table


def _cells(row: Mapping[str, Any]) -> list[str]:
    signs = row["sign_test"]
    split = f"{signs['better']}:{signs['worse']}:{signs['equal']}"
    tests = [probability(signs["p"]), probability(row["sign_flip"]["p"])]
    return [number(row["a"]), number(row["b"]), _difference(row["difference"]), split, *tests]


def _difference(estimate: Mapping[str, Any]) -> str:
    found = bounds(estimate)
    if found.low is None or found.high is None:
        return signed(found.value)
    return f"{signed(found.value)} [{signed(found.low)}, {signed(found.high)}]"


def probability(p: float | None) -> str:
    """Write a p value: three decimals, or the bound under which it lies."""
    if p is None:
        return "-"
    return f"{p:.3f}" if p >= 0.001 else "<.001"


def _closing(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what was found in words, row by row where they are few, and the notes."""
    rows = found["rows"]
    for row in rows if len(rows) <= 4 else ():
        yield f"finding {_sentence(row)}"
    methods = dict.fromkeys(row["difference"]["method"] for row in rows if row["difference"]["method"])
    flips = dict.fromkeys(row["sign_flip"]["method"] for row in rows)
    yield f"method  {'; '.join(methods)}; sign test: exact binomial; sign flip: {', '.join(flips)}"
    for note in found["notes"]:
        yield f"note    {printable(note)}"


def _sentence(row: Mapping[str, Any]) -> str:
    """Say which side is ahead, where the interval and the sign flips agree that one is."""
    gap, p = bounds(row["difference"]), row["sign_flip"]["p"]
    what = f"pass@{row['k']} {WHEN[row['phase']]}"
    if gap.value is None or gap.low is None or gap.high is None:
        return f"{what}: {row['difference'].get('reason') or 'no interval can be had'}"
    if gap.low <= 0.0 <= gap.high or p >= ALPHA:
        return f"{what}: no clear difference between A and B; it lies between {signed(gap.low)} and {signed(gap.high)}"
    ahead = "A is above B" if gap.value > 0.0 else "B is above A"
    return f"{what}: {ahead} by {number(abs(gap.value))} (sign-flip p {probability(p)})"
