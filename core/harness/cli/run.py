"""harness run: run a study, or go on with it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from harness.cli.interrupt import resumable
from harness.escape import printable

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command(name="run", short_help="run a study, or go on with it")
@click.argument("recipe")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of artifacts (default: $HARNESS_STORE or .harness).")
@click.option("--plugin", "plugin_files", multiple=True, type=click.Path(path_type=Path), help="A local plug-in file.")
@click.option("--json", "as_json", is_flag=True, help="Print result.json on stdout and nothing else there.")
@click.option("--json-events", is_flag=True, help="Print a JSON line for each event on stdout and nothing else there.")
@click.option("--no-report", is_flag=True, help="Do not end by writing report.html beside the result.")
def command(
    recipe: str, store: Path | None, plugin_files: tuple[Path, ...], as_json: bool, json_events: bool, no_report: bool
) -> None:
    """Run the study RECIPE (a file, or a shipped recipe's name such as quickstart).

    What is done is never done again: after a kill or Ctrl-C, the same command goes on where it stopped.
    """
    from harness import study
    from harness.plugins import Plugins
    from harness.recipe import load
    from harness.report.beside import report_beside
    from harness.store import Store

    if as_json and json_events:
        raise click.UsageError("--json and --json-events both want standard output; choose one")
    plugins = Plugins.discover(plugin_files)
    loaded = load(recipe, plugins)
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    with resumable():
        listen = print_event if json_events else None
        result, path = study.run(loaded, plugins, Store(store or study.default_store()), listen=listen)
    _show(result, path, as_json, sys.stderr if json_events else None)
    if not no_report:
        click.echo(printable(report_beside(path, plugins.panels)), err=as_json or json_events)


def print_event(row: Mapping[str, Any]) -> None:
    """Print an event as a line of JSON; when nobody reads any more, the study goes on unheard."""
    try:
        print(json.dumps(row, allow_nan=False), flush=True)  # noqa: T201 - this is the output
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show(result: dict[str, Any], path: Path, as_json: bool, file: IO[str] | None = None) -> None:
    from harness.report.console import open_console
    from harness.report.terminal import print_result

    if as_json:
        click.echo(json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False))
        return
    print_result(result, open_console(file), path)
