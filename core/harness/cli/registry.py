"""harness registry: look after the registry of results and published studies."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import json_option, print_json


@click.group(name="registry", short_help="verify a registry of results")
def command() -> None:
    """Look after a registry: results with their counts, published studies, known plug-ins."""


@command.command(name="verify", short_help="refuse what does not follow from the counts")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@json_option
def verify_command(path: Path | None, as_json: bool) -> None:
    """Verify the registry at PATH, or one entry of it.

    Every number of every entry is worked out again from the counts beside it; digests, versions, names, duplicates and
    schemas are checked, and by git that no standing entry was edited or deleted. Without PATH: ./registry where there is
    one, else the registry that came with the harness.

    What is refused is told in one line each, `file: what is wrong; what to do`; the exit code is then 2.
    """
    from harness.escape import printable
    from harness.registry import verify

    registry, only = _where(path)
    found = verify(registry, only)
    if as_json:
        print_json(found.to_json())
    else:
        for entry in found.entries:
            withdrawn = "  withdrawn" if entry.submission["withdrawn"] else ""
            click.echo(f"{entry.name}  {entry.submission['tier']}{withdrawn}")
        for note in found.notes:
            click.echo(f"note: {printable(note)}", err=True)
        for fault in found.faults:
            click.echo(printable(fault), err=True)
        parts = f"{len(found.entries)} results, {len(found.studies)} studies, {found.plugins} plug-ins"
        said = f"{len(found.faults)} refused" if found.faults else "nothing refused"
        click.echo(f"{parts}: {said}", err=True)
    if found.faults:
        raise click.exceptions.Exit(2)


def _where(path: Path | None) -> tuple[Path, Path | None]:
    """Return the registry and, where PATH names an entry, the entry."""
    from harness.shipped import shipped

    if path is None:
        here = Path("registry")
        return (here if (here / "results").is_dir() else shipped("registry")), None
    if path.is_file():
        return path.absolute().parents[2], path
    return path, None
