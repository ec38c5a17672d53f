"""Options that several commands share, spelled once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

store_option: Callable[..., Any] = click.option(
    "--store",
    "store",
    envvar="HARNESS_STORE",
    default=".harness",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of artifacts and results; the environment variable HARNESS_STORE sets it too.",
)

json_option: Callable[..., Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON on standard output, and nothing else there."
)


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output; control characters and non-ASCII text are escaped."""
    click.echo(json.dumps(value, indent=2, allow_nan=False))
