"""harness report: a study's report as one HTML file, or as Markdown, PNG and CSV for papers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.options import store_option

if TYPE_CHECKING:
    from harness.report.write import Format


@click.command(name="report", short_help="write a study's report: one HTML file, or md, png, csv")
@click.argument("run")
@click.option("--out", type=click.Path(path_type=Path), help="The file, or with png and csv the folder, to write.")
@click.option(
    "--format",
    "as_format",
    type=click.Choice(["html", "md", "png", "csv"]),
    default="html",
    show_default=True,
    help="html: one file; md: text and tables; png: a picture a chart; csv: a file a table.",
)
@store_option
@click.option("--plugin", "plugin_files", multiple=True, type=click.Path(path_type=Path), help="A local plug-in file.")
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
def command(run: str, out: Path | None, as_format: Format, store: Path, plugin_files: tuple[Path, ...], opens: bool) -> None:
    """Write the report of RUN: a study's folder, its name in the store, or a result.json.

    The page needs no network: charts, data and samples are inside. Without --out it goes beside the study's result.json as
    report.html (report.md, figures/, tables/); for any other file into the current folder. The files written are printed.
    Samples and training curves are shown as far as the study's store still has them.
    """
    from harness.plugins import Plugins
    from harness.report.study import find
    from harness.report.write import default_path, write_report

    panels = Plugins.discover(plugin_files).panels() if as_format == "html" else []
    study = find(run, store)
    written = write_report(study, out or default_path(study, as_format), as_format, panels)
    for path in written:
        click.echo(str(path))
    if opens and as_format == "html":
        click.launch(written[0].absolute().as_uri())
