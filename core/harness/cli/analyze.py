"""harness analyze: how well each proxy column of a table foretold its outcome column."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="analyze", short_help="judge the proxies in a table of your own numbers")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--outcome", required=True, help="Column measured after RL; higher is better.")
@click.option(
    "--proxy", "proxies", multiple=True, help="A column measured before RL, higher better. Default: all numeric ones."
)
@click.option("--lower-better", multiple=True, help="A column measured before RL, lower better (a loss).")
@click.option("--baseline", help="The proxy to beat (default: the first).")
@click.option("--family", help="Column that says which candidates share a base model.")
@click.option("--label", help="Column that names the candidates.")
@click.option("--compute", help="Column of RL compute: the table then has a row for each point of a run.")
@click.option(
    "--resamples", default=10_000, show_default=True, type=click.IntRange(100, 1_000_000), help="Bootstrap resamples."
)
@click.option("--seed", default=0, show_default=True, help="Seed of the resamples.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout, proxies as in result.json.")
def command(
    table: Path,
    outcome: str,
    proxies: tuple[str, ...],
    lower_better: tuple[str, ...],
    baseline: str | None,
    family: str | None,
    label: str | None,
    compute: str | None,
    resamples: int,
    seed: int,
    as_json: bool,
) -> None:
    """Judge every proxy column of TABLE (CSV or Parquet) by how well it foretold the outcome; needs no torch."""
    from harness.analysis import Question, analyze
    from harness.report import open_console, print_result
    from harness.table import read_table

    question = Question(
        outcome=outcome,
        proxies=proxies,
        lower_better=lower_better,
        baseline=baseline,
        family=family,
        label=label,
        compute=compute,
    )
    found = analyze(read_table(table), question, resamples=resamples, seed=seed)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False))
        return
    print_result(found, open_console())
