"""`harness validate`: check a recipe without running it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import json_option, print_json
from harness.errors import RecipeError
from harness.escape import printable
from harness.plugins import Plugins

if TYPE_CHECKING:
    from harness.recipe import Recipe


@click.command()
@click.argument("recipe")
@click.option(
    "--plugin",
    "plugin_files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A local plug-in file to load first; may be given more than once.",
)
@json_option
def command(recipe: str, plugin_files: tuple[Path, ...], as_json: bool) -> int:
    """Check RECIPE, a file or the name of a shipped recipe, without running or writing anything.

    Each fault is told in one line, `file:line: path: what is wrong; what to do`; the exit code is then 2.
    """
    from harness.recipe import load

    plugins = Plugins.discover(plugin_files)
    try:
        loaded = load(recipe, plugins)
    except RecipeError as error:
        if not as_json:
            raise
        print_json({"ok": False, "errors": _faults(error)})
        return error.exit_code
    if as_json:
        print_json({"ok": True, "errors": [], "warnings": list(loaded.warnings), **_sizes(loaded)})
        return 0
    for warning in loaded.warnings:
        click.echo(printable(f"warning: {warning}"), err=True)
    click.echo(printable(f"recipe ok: {_summary(loaded)}"), err=True)
    return 0


def _faults(error: RecipeError) -> list[dict[str, Any]]:
    from harness.recipe import FaultyRecipeError

    if isinstance(error, FaultyRecipeError):
        return [fault.as_json() for fault in error.faults]
    return [{"file": None, "line": None, "path": None, "message": str(error)}]


def _sizes(recipe: Recipe) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "candidates": len(recipe.candidates),
        "seeds": len(recipe.seeds),
        "benchmarks": len(recipe.benchmarks),
        "proxies": [proxy.label for proxy in recipe.proxies],
        "rl": recipe.rl.use.offer.name if recipe.rl else None,
    }


def _summary(recipe: Recipe) -> str:
    counts = [
        (len(recipe.candidates), "candidate", "candidates"),
        (len(recipe.seeds), "seed", "seeds"),
        (len(recipe.benchmarks), "benchmark", "benchmarks"),
        (len(recipe.proxies), "proxy", "proxies"),
    ]
    parts = [f"{count} {one if count == 1 else many}" for count, one, many in counts]
    return ", ".join([*parts, f"rl by {recipe.rl.use.offer.name}" if recipe.rl else "no rl"])
