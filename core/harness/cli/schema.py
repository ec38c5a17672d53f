"""`harness schema`: the recipe's JSON Schema with every installed component in it, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import print_json
from harness.plugins import Plugins


@click.command()
@click.option(
    "--plugin",
    "plugin_files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A local plug-in file whose components the schema is to hold; may be given more than once.",
)
def command(plugin_files: tuple[Path, ...]) -> None:
    """Print the JSON Schema of recipes, for completion and checks in an editor.

    It holds every component installed here. Save it with `harness schema > recipe.schema.json`, and let a recipe begin with
    {"$schema": "./recipe.schema.json", ...}.
    """
    from harness.recipe.schema import composed_schema

    print_json(composed_schema(Plugins.discover(plugin_files)))
