"""harness export: a study's samples in the forms of other tools, for their viewers."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import json_option, print_json


@click.command(name="export", short_help="write a study's samples for the viewers of other tools")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--format", "form", required=True, type=click.Choice(["lm-eval", "inspect"]), help="Whose form.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@json_option
def command(run: Path, form: str, out: Path, as_json: bool) -> None:
    """Write every graded sample of the finished study RUN, its folder in a store or the result.json there.

    lm-eval: results_*.json and samples_*.jsonl in a folder for each checkpoint. inspect: a log for each checkpoint and
    benchmark, written by the package inspect_ai, which must be installed.
    """
    from harness.export import evaluations, write_inspect, write_lm_eval

    files = (write_lm_eval if form == "lm-eval" else write_inspect)(evaluations(run), out)
    if as_json:
        print_json({"format": form, "files": [str(file) for file in files]})
    else:
        click.echo(f"wrote {len(files)} files to {out}")
