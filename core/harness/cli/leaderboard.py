"""harness leaderboard: strategies within their tracks, and proxies over studies."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import json_option, print_json


@click.command(name="leaderboard", short_help="boards of strategies and of proxies, from a registry's results")
@click.option(
    "--registry",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with results/ and studies/ (default: the registry that ships with the harness).",
)
@click.option(
    "--html", "site", type=click.Path(file_okay=False, path_type=Path), help="Write a static site into this folder too."
)
@json_option
def command(registry: Path | None, site: Path | None, as_json: bool) -> None:
    """Show two boards: strategies by their outcome after RL, and proxies by how often they chose rightly.

    Strategies are ranked within a track only (same base, RL recipe, problems and versions), with rank intervals from
    comparisons paired by problem. Proxies are judged over studies and base models, ours beside published ones.
    """
    from harness.leaderboard import leaderboard

    board = leaderboard(registry)
    if site is not None:
        from harness.leaderboard.site import write_site

        index = write_site(board, site)
        click.echo(f"site: {index}", err=True)
    if as_json:
        print_json(board.to_json())
        return
    if site is None:
        from harness.leaderboard.terminal import print_leaderboard
        from harness.report import open_console

        print_leaderboard(board, open_console())
