"""Rank correlations within each family of a table, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.escape import printable
from harness.report.figures import number
from harness.report.plain import plain_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console


def print_families(found: Mapping[str, Any], console: Console) -> None:
    """Print each proxy's Spearman pooled and within each family; nothing where there is one family only."""
    rows = [row for row in found.get("proxies") or () if row.get("by_family")]
    names = list(dict.fromkeys(family for row in rows for family in row["by_family"]))
    if not names:
        return
    table = plain_table(["proxy", "pooled", *(printable(name) for name in names)], left=1)
    for row in rows:
        within = (number(row["by_family"].get(name)) for name in names)
        table.add_row(printable(row["name"]), number(row["spearman"]), *within)
    console.print()
    console.print("Spearman within each family", style="bold")
    console.print(table)
