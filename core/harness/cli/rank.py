"""harness rank: existing checkpoints, problems and held-out traces -> a ranking; no RL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from harness.cli.interrupt import resumable
from harness.cli.measuring import component, measuring_options, read_benchmarks, read_heldout, read_sampling
from harness.cli.options import json_option, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from harness.checkpoints import Request
    from harness.plugins import Plugins
    from harness.racing import Standing
    from harness.recipe import Recipe

COMPARES_WITH_BASE = "coverage-ratio"
"""Measured without being asked for where there is a base, if it is installed."""


@click.command(name="rank", short_help="rank existing checkpoints, without any RL")
@click.argument("checkpoints", nargs=-1, required=True, metavar="CKPT...")
@measuring_options
@click.option(
    "--proxy", "proxies", multiple=True, metavar="NAME", help="A further proxy: token-entropy, pass@4. Repeatable."
)
@click.option("--primary", metavar="PROXY", help="The proxy that ranks (default: pass@SAMPLES; with --adaptive pass@1).")
@click.option("--adaptive", is_flag=True, help="Sample in rounds, and stop checkpoints that cannot be best any more.")
@json_option
def command(**given: Any) -> None:
    """Rank the checkpoints CKPT by what foretells the outcome of RL, with how sure that is.

    CKPT is a Hugging Face folder or OWNER/NAME@COMMIT of the hub; NAME=CKPT gives it a name. With --heldout, those whose
    pass@1 is below the median and whose loss is above it are dropped; the rest are ranked by pass@k.

    Finished work is kept in the store: after a kill the same command goes on, and a second run does nothing.
    """
    from harness import study
    from harness.checkpoints import load_request, pre_counts
    from harness.plugins import Plugins
    from harness.ranking import rank
    from harness.report.console import open_console
    from harness.report.ranking import print_ranking
    from harness.store import Store

    plugins = Plugins.discover(given["plugin_files"])
    request = _request(given, plugins)
    recipe = load_request(request, plugins)
    store = Store(given["store"] or study.default_store())
    with resumable():
        result, path, standing = _measure(recipe, request, plugins, store, given["adaptive"])
    found = {**rank(result, pre_counts(path.with_name("counts.parquet")), recipe, standing=standing), "result": str(path)}
    if given["as_json"]:
        print_json(found)
    else:
        print_ranking(found, open_console(), path)


def _request(given: dict[str, Any], plugins: Plugins) -> Request:
    from harness.checkpoints import Request, parse_source, parse_sources
    from harness.offers import Proxy

    base = parse_source(given["base"]) if given["base"] else None
    samples = given["samples"]
    primary = given["primary"] or ("pass@1" if given["adaptive"] else f"pass@{samples}")
    heldout = read_heldout(given["heldout"])
    proxies = ["pass@1", primary]
    proxies += [f"pass@{samples}"] if not given["adaptive"] else []
    proxies += ["generalization-loss"] if heldout else []
    proxies += [COMPARES_WITH_BASE] if base and COMPARES_WITH_BASE in plugins.offers(Proxy) else []
    return Request(
        study="rank",
        sources=parse_sources(given["checkpoints"]),
        benchmarks=read_benchmarks(given["problem_files"], given["benchmarks"]),
        proxies=tuple(dict.fromkeys([*proxies, *given["proxies"]])),
        samples=samples,
        base=base,
        heldout=heldout,
        primary=primary,
        sampling=read_sampling(given["temperature"], given["max_tokens"]),
        grader=given["grader"],
        engine=component(given["engine"], "--engine"),
        seed=given["seed"],
    )


def _measure(
    recipe: Recipe, request: Request, plugins: Plugins, store: Any, is_adaptive: bool
) -> tuple[dict[str, Any], Path, Standing | None]:
    """Run the study, in rounds if asked, after checking that it can be run in rounds."""
    from harness import study
    from harness.errors import UserError
    from harness.ranking.adaptive import check_proxies, run_race

    if not is_adaptive:
        return (*study.run(recipe, plugins, store), None)
    found = re.fullmatch(r"pass@(\d+)", recipe.primary_proxy)
    if found is None:
        raise UserError(f"--adaptive: races for pass@k only, not for {recipe.primary_proxy!r}; choose --primary pass@k")
    check_proxies(recipe, int(found[1]), request.samples)
    return run_race(recipe, plugins, store, k=int(found[1]))
