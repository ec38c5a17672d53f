"""harness submit: put a finished run into a registry."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import json_option, print_json, store_option


@click.command(name="submit", short_help="put a finished run into a registry")
@click.argument("run")
@click.option(
    "--registry",
    default="registry",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A registry's folder, as in a clone of the harness's repository.",
)
@click.option("--name", help="Of the run. Default: today's date.")
@click.option(
    "--tier",
    type=click.Choice(["self-reported", "recomputed"]),
    default="self-reported",
    show_default=True,
    help="For maintainers: recomputed, on a run they have the counts of.",
)
@click.option("--by", default="anonymous", show_default=True, help="Who submits it, as they want to be named.")
@click.option("--reproduces", metavar="STUDY/RUN", help="Note in this entry that RUN gave the same numbers again.")
@store_option
@json_option
def command(
    run: str, registry: Path, name: str | None, tier: str, by: str, reproduces: str | None, store: Path, as_json: bool
) -> None:
    """Write the finished study RUN (its folder, its result.json, or its name in the store) into a registry.

    Nothing is sent anywhere. What harness registry verify would refuse is not written. The recipe goes along: look through
    it for paths and names you would rather keep.
    """
    from harness.escape import printable
    from harness.registry import find_run, reproduce, submit

    found = find_run(run, store)
    if reproduces:
        written = reproduce(found, registry, reproduces, by=by)
    else:
        written = submit(found, registry, name=name, by=by, recomputed=tier == "recomputed")
    if as_json:
        print_json({"name": written.name, "tier": written.tier, "files": [str(file) for file in written.files]})
        return
    for file in written.files:
        click.echo(file)
    for note in written.notes:
        click.echo(f"note: {printable(note)}", err=True)
    click.echo(
        f"{written.name}: {written.tier}. To offer it: commit these files alone, on a branch of a fork of the", err=True
    )
    click.echo("harness's repository, and open a pull request; its checks run harness registry verify.", err=True)
