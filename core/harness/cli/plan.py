"""harness plan: what a run would do, what stands already, and what it would cost; runs nothing and writes nothing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cards import PEAK_FLOPS
from harness.errors import UserError
from harness.report.estimate import estimate_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.plan import Plan
    from harness.plan.estimate import Estimate
    from harness.plugins import Plugins
    from harness.recipe import Recipe
    from harness.step import Step
    from harness.store import Store


@click.command(name="plan", short_help="show what a run would do and what is done already")
@click.argument("recipe")
@click.option("--gpu", type=click.Choice(sorted(PEAK_FLOPS)), help="Card to estimate cost for, instead of the recipe's.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of artifacts (default: $HARNESS_STORE or .harness).")
@click.option("--plugin", "plugin_files", multiple=True, type=click.Path(path_type=Path), help="A local plug-in file.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole plan as JSON on stdout.")
def command(recipe: str, gpu: str | None, store: Path | None, plugin_files: tuple[Path, ...], as_json: bool) -> None:
    """Show the steps of RECIPE: how many of each kind, how many stand in the store, how many samples, how long.

    With "cost" in the recipe: tokens, GPU hours and disk of what is to do, by a stated model.
    """
    from harness import plan as planning
    from harness import study
    from harness.plugins import Plugins
    from harness.recipe import load
    from harness.store import Store

    plugins = Plugins.discover(plugin_files)
    loaded = load(recipe, plugins)
    plan = planning.build(loaded, plugins)
    place = Store(store or study.default_store())
    missing = plan.missing(place)
    summary = summarize(plan, place, missing)
    cost = _estimate(loaded, plan, missing, plugins, gpu)
    if as_json:
        head = {**summary, **({"cost": cost.to_json()} if cost else {}), "recipe": loaded.raw}
        click.echo(_written(head, _steps(plan, place, plugins)))
        return
    _print(summary)
    for line in estimate_lines(cost) if cost else ():
        click.echo(line)


def _estimate(recipe: Recipe, plan: Plan, missing: Sequence[Step], plugins: Plugins, gpu: str | None) -> Estimate | None:
    """Estimate what is to do; None where the recipe has no `cost`."""
    from harness.plan.estimate import estimate

    if recipe.cost is None:
        if gpu is not None:
            raise UserError(f'--gpu {gpu}: the recipe says nothing of its size; give it "cost" with "parameters"')
        return None
    return estimate(plan, recipe.cost, plugins, missing, gpu)


def summarize(plan: Plan, store: Store, steps: Sequence[Step] | None = None) -> dict[str, Any]:
    """Count steps by kind, those to do, samples to draw, and the time they took where the store remembers the like."""
    missing = {step.ref for step in (plan.missing(store) if steps is None else steps)}
    total = Counter(step.kind for step in plan.steps)
    to_do = Counter(ref.kind for ref in missing)
    seconds = _seconds_by_kind(store)
    kinds = [
        {
            "kind": kind,
            "steps": total[kind],
            "to_do": to_do[kind],
            "seconds_each": seconds.get(kind),
            "seconds": None if kind not in seconds else seconds[kind] * to_do[kind],
        }
        for kind in total
    ]
    samples = [s.settings["samples"] for s in plan.steps if s.kind == "sample" and s.ref in missing]
    return {
        "study": plan.study,
        "runs": plan.runs,
        "num_steps": len(plan.steps),
        "to_do": len(missing),
        "samples_a_problem_to_draw": sum(samples),
        "kinds": kinds,
    }


def _seconds_by_kind(store: Store) -> dict[str, float]:
    """Return the median seconds of the steps that stand in the store, by kind; empty for a new store."""
    from statistics import median

    from harness.store import read_json

    found: dict[str, float] = {}
    for folder in sorted((store.root / "artifacts").glob("*")):
        manifests = [path / "manifest.json" for path in list(folder.iterdir())[:200]]
        times = [read_json(path)["seconds"] for path in manifests if path.is_file()]
        if times:
            found[folder.name] = median(times)
    return found


def _written(head: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> str:
    """Write a plan as JSON, one step a line: quick for tens of thousands of them, and easy to search."""
    opened = json.dumps(head, ensure_ascii=False).removesuffix("}")
    rows = ",\n".join(json.dumps(step, ensure_ascii=False) for step in steps)
    return f'{opened},\n"steps": [\n{rows}\n]}}'


def _steps(plan: Plan, store: Store, plugins: Plugins) -> list[dict[str, Any]]:
    return [
        {
            "kind": step.kind,
            "key": step.key,
            "title": step.title,
            "candidate": step.candidate,
            "seed": step.seed,
            "inputs": sorted({str(ref) for ref in step.inputs.values()}),
            "parts": [part.identity() for part in step.parts],
            "cached": store.has(step.ref),
            **_commands(step, plan, store, plugins),
        }
        for step in plan.steps
    ]


def _commands(step: Step, plan: Plan, store: Store, plugins: Plugins) -> dict[str, Any]:
    """Return the program a step starts as `command`, and what it starts after that."""
    from harness.plan.commands import commands

    first, *rest = commands(step, plan, plugins, store) or ((),)
    return ({"command": first} if first else {}) | ({"further_commands": rest} if rest else {})


def _print(summary: dict[str, Any]) -> None:
    click.echo(
        f"study {summary['study']}: {summary['runs']} runs, {summary['num_steps']} steps, {summary['to_do']} to do, "
        f"{summary['samples_a_problem_to_draw']} samples a problem to draw over all sampling steps"
    )
    click.echo(f"{'kind':<10}{'steps':>8}{'to do':>8}{'each':>10}{'in all':>12}")
    for row in summary["kinds"]:
        each = "unknown" if row["seconds_each"] is None else f"{row['seconds_each']:.1f} s"
        whole = "unknown" if row["seconds"] is None else f"{row['seconds'] / 60:.1f} min"
        click.echo(f"{row['kind']:<10}{row['steps']:>8}{row['to_do']:>8}{each:>10}{whole:>12}")
    click.echo("times are medians of like steps in this store, on one worker", err=True)
