"""harness run: run a study, or go on with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from harness.cli.interrupt import resumable


@click.command(name="run", short_help="run a study, or go on with it")
@click.argument("recipe")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of artifacts (default: $HARNESS_STORE or .harness).")
@click.option("--plugin", "plugin_files", multiple=True, type=click.Path(path_type=Path), help="A local plug-in file.")
@click.option("--json", "as_json", is_flag=True, help="Print result.json on stdout and nothing else there.")
def command(recipe: str, store: Path | None, plugin_files: tuple[Path, ...], as_json: bool) -> None:
    """Run the study RECIPE (a file, or a shipped recipe's name such as quickstart).

    What is done is never done again: after a kill or Ctrl-C, the same command goes on where it stopped.
    """
    from harness import study
    from harness.plugins import Plugins
    from harness.recipe import load
    from harness.store import Store

    plugins = Plugins.discover(plugin_files)
    loaded = load(recipe, plugins)
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    with resumable():
        result, path = study.run(loaded, plugins, Store(store or study.default_store()))
    _show(result, path, as_json)


def _show(result: dict[str, Any], path: Path, as_json: bool) -> None:
    from harness.report.console import open_console
    from harness.report.terminal import print_result

    if as_json:
        click.echo(json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False))
        return
    print_result(result, open_console(), path)
