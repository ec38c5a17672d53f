"""A ranking of checkpoints on a terminal: the table, how the proxies agree, and what was left out and why."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from harness.escape import printable
from harness.report.figures import NOTHING, bounds, count, number, with_interval
from harness.report.plain import cost_text, plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

PROXIES_ABREAST = 4
"""Columns that fit beside names on 80 columns."""


def print_ranking(found: Mapping[str, Any], console: Console, path: Path | None = None) -> None:
    """Print a ranking for people.

    Args:
        found: from `harness.ranking.rank`.
        console: from `open_console`.
        path: where the study's result.json lies.
    """
    console.print(_title(found), style="bold", soft_wrap=True)
    console.print(_ranking(found))
    console.print()
    console.print("All proxies", style="bold")
    for table in _readings(found):
        console.print(table)
        console.print()
    if found["agreement"]:
        console.print(f"Agreement of the proxies with {printable(found['ranked_by'])}", style="bold", soft_wrap=True)
        console.print(_agreement(found))
        console.print()
    for line in _closing(found, path):
        for part in wrap(line, console.width, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False):
            console.print(part, soft_wrap=True)


def _title(found: Mapping[str, Any]) -> str:
    over = "these problems" if found["race"] else "problems"
    direction = "" if found["higher_is_better"] else ", lowest first"
    return f"Ranking by {printable(found['ranked_by'])}{direction} (95 % intervals over {over})"


def _ranking(found: Mapping[str, Any]) -> Table:
    """One row a checkpoint; dropped ones have no rank."""
    is_race = bool(found["race"])
    headings = ["#", "checkpoint", found["ranked_by"], "P(best)", "samples" if is_race else "behind first", ""]
    table = plain_table(headings, left=2, last_is_text=True)
    for row in found["ranking"]:
        cells = [
            str(row["rank"] or NOTHING),
            printable(row["name"]),
            with_interval(bounds(row)),
            number(row["probability_best"]),
        ]
        cells += [count(row["samples"]) if is_race else with_interval(bounds(row["behind_first"])), _remark(row)]
        table.add_row(*cells, style="bold" if row["rank"] == 1 else "dim" if row["rank"] is None else None)
    return table


def _readings(found: Mapping[str, Any]) -> Iterator[Table]:
    """Every proxy of every checkpoint, without intervals, a few proxies at a time."""
    rows = found["ranking"]
    names = list(rows[0]["proxies"])
    for start in range(0, len(names), PROXIES_ABREAST):
        shown = names[start : start + PROXIES_ABREAST]
        table = plain_table(["checkpoint", *map(printable, shown)], left=1)
        for row in rows:
            table.add_row(printable(row["name"]), *(number(row["proxies"][name]) for name in shown))
        yield table


def _remark(row: Mapping[str, Any]) -> str:
    remarks = ["dropped"] if row["dropped"] else []
    remarks += [f"stopped in round {row['stopped_in_round']}"] if row["stopped_in_round"] else []
    remarks += ["undefined"] if row["value"] is None else []
    return "; ".join(remarks)


def _agreement(found: Mapping[str, Any]) -> Table:
    """One row a proxy, compared with the one that ranks."""
    agreed, primary = found["agreement"], found["ranked_by"]
    at = agreed["names"].index(primary)
    table = plain_table(["proxy", "pairs ordered alike", "Spearman", "puts first"], left=1, last_is_text=True)
    for i, name in enumerate(agreed["names"]):
        picks = ", ".join(printable(agreed["candidates"][place]) for place in agreed["picks"][i])
        figures = ["", ""] if i == at else [number(agreed[key][at][i]) for key in ("pairs_agreed", "spearman")]
        table.add_row(printable(name), *figures, picks or NOTHING)
    return table


def _closing(found: Mapping[str, Any], path: Path | None) -> Iterator[str]:
    """The sentences under the tables: the pick, the filter, remarks, the cost, the file."""
    if found["pick"] is not None:
        yield f"pick    {printable(_pick(found))}"
    yield f"filter  {printable(_filter(found['filter']))}"
    for note in found["notes"]:
        yield f"note    {printable(note)}"
    samples = found["samples"]
    if found["race"]:
        yield (
            f"samples {count(samples['spent'])} of {count(samples['full_budget'])} ({samples['share']:.0%}) "
            f"in {len(found['race']['rounds'])} {'round' if len(found['race']['rounds']) == 1 else 'rounds'}"
        )
    if cost := cost_text(found["cost"]):
        yield f"cost    {cost}"
    if path is not None:
        yield f"result  {printable(path)}"


def _pick(found: Mapping[str, Any]) -> str:
    first = found["ranking"][0]
    tied = [row["name"] for row in found["ranking"] if row["rank"] == 1]
    sure = f", the best of these with probability {number(first['probability_best'])}" if first["probability_best"] else ""
    if len(tied) > 1:
        return f"no single one: {', '.join(tied)} are equal"
    extreme = "highest" if found["higher_is_better"] else "lowest"
    return f"{first['name']!r}: {extreme} {found['ranked_by']}{sure}"


def _filter(screen: Mapping[str, Any]) -> str:
    if not screen["applied"]:
        return f"not applied: {screen['reason']}"
    limits = (
        f"{screen['accuracy']} below its median {number(screen['median_accuracy'])} and "
        f"{screen['loss']} above its median {number(screen['median_loss'])}"
    )
    return f"dropped {', '.join(screen['dropped']) or 'nobody'} ({limits})"
