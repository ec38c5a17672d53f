"""harness sql: ask a store a question in SQL."""

from __future__ import annotations

import csv
import json
import math
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import json_option, print_json, store_option

if TYPE_CHECKING:
    from harness.sql import Answer

SHOWN = 200
"""Rows of a table for people."""


@click.command(name="sql", short_help="ask a store a question in SQL")
@click.argument("query", required=False)
@store_option
@click.option("--schema", is_flag=True, help="List the views and their columns.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV on standard output, with a header.")
def command(query: str | None, store: Path, schema: bool, as_json: bool, as_csv: bool) -> None:
    """Answer QUERY, one SELECT of DuckDB's SQL, from the files of a store; QUERY - is read from standard input.

    Views: studies, candidates, pass_at, readings, proxies, counts, samples, steps. Nothing is written and no file outside
    the store is read. Large files are read only where a query needs them.
    """
    from harness.sql import ask

    if schema:
        _print_schema(store, as_json)
        return
    if not query:
        raise click.UsageError("a query is missing; try --schema, or: harness sql 'select * from studies'")
    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two answers; choose one")
    with ask(store, sys.stdin.read() if query == "-" else query) as answer:
        if as_json:
            _print_objects(answer)
        elif as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(answer.columns)
            writer.writerows(answer.rows)
        else:
            _print_table(answer)


def _print_schema(store: Path, as_json: bool) -> None:
    from harness.sql import columns
    from harness.sql.views import ABOUT

    found = columns(store)
    if as_json:
        print_json({name: {"about": ABOUT[name], "columns": kinds} for name, kinds in found.items()})
        return
    for name, kinds in found.items():
        click.echo(f"{name}: {ABOUT[name]}")
        for column, kind in kinds.items():
            click.echo(f"    {column}  {kind}")


def _print_objects(answer: Answer) -> None:
    """Print a list of objects, row by row."""
    from harness.errors import UserError

    twice = next((name for name in answer.columns if answer.columns.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"sql: two columns are called {twice!r}; rename one with AS")
    separator = "[\n"
    for row in answer.rows:
        values = dict(zip(answer.columns, map(_plain, row), strict=True))
        click.echo(separator + json.dumps(values, allow_nan=False), nl=False)
        separator = ",\n"
    click.echo("\n]" if separator != "[\n" else "[]")


def _print_table(answer: Answer) -> None:
    from rich.table import Table

    from harness.escape import printable
    from harness.report.console import open_console

    rows = list(islice(answer.rows, SHOWN + 1))
    table = Table()
    for name in answer.columns:
        table.add_column(printable(name), overflow="fold")
    for row in rows[:SHOWN]:
        table.add_row(*("" if value is None else printable(_rounded(value)) for value in row))
    open_console().print(table)
    if len(rows) > SHOWN:
        click.echo(f"more than {SHOWN} rows; the rest with --csv or --json", err=True)


def _rounded(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: what is not finite becomes null, what has no JSON form its text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value)
