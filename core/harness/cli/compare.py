"""harness compare: two candidates or two results, paired by problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness.cli.options import json_option, print_json

if TYPE_CHECKING:
    from harness.comparison.compare import Phases


@click.command(name="compare", short_help="compare two candidates or two results, paired by problem")
@click.argument("a")
@click.argument("b")
@click.option(
    "--phase",
    type=click.Choice(["pre", "post", "both"]),
    default="both",
    show_default=True,
    help="Before RL, after it, or both where both were measured.",
)
@click.option(
    "--k",
    "ks",
    multiple=True,
    type=click.IntRange(min=1),
    help="Of pass@k; repeatable. Default: 1 and the largest power of 2.",
)
@click.option("--common", is_flag=True, help="Leave out what stands on one side only, and say how much.")
@click.option(
    "--resamples",
    default=10_000,
    show_default=True,
    type=click.IntRange(100, 1_000_000),
    help="Bootstrap resamples, and sign patterns.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of the resamples.")
@json_option
def command(
    a: str, b: str, phase: Phases, ks: tuple[int, ...], common: bool, resamples: int, seed: int, as_json: bool
) -> None:
    """Compare A and B problem by problem: the difference with its interval, and two exact tests.

    A and B are each result.json::candidate, or both a result.json, and then every candidate is compared with its namesake;
    B may be ::candidate for another candidate of A's result. The counts beside the results are read.

    Effects are A minus B. There is no unpaired comparison: problems on one side only are an error, or are left out with
    --common.
    """
    from harness.comparison import compare, read_sides
    from harness.report.comparison import print_comparison
    from harness.report.console import open_console

    left, right = read_sides(a, b)
    chosen = tuple(dict.fromkeys(ks))
    found = compare(left, right, phases=phase, ks=chosen, is_common=common, resamples=resamples, seed=seed)
    if as_json:
        print_json(found)
        return
    print_comparison(found, open_console())
