"""A small entry that passes: a real recipe, made-up counts, and everything composed from them as a study does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness import Counts, Evidence, Proxy
from harness import digest as digests
from harness.plan import build
from harness.plan.layout import layout_of
from harness.plugins import Plugins
from harness.recipe import Recipe, load
from harness.registry import Run, submit
from harness.result.compose import Circumstances, compose, numbers_digest
from harness.result.counts import write_counts
from harness.result.measured import Measured, Phase, Reading

RECIPE: dict[str, Any] = {
    "schema_version": 1,
    "name": "made up",
    "seeds": [3, 4],
    "base": {"use": "miniature-base"},
    "data": {
        "sft": {"use": "miniature-sft", "examples": 64},
        "heldout": {"use": "miniature-heldout", "examples": 40},
        "rl": {"use": "miniature-rl", "examples": 64},
    },
    "candidates": [{"name": f"{n} examples", "curate": [{"use": "subset", "examples": n}]} for n in (4, 8, 16, 32)]
    + [{"name": "base", "sft": None}],
    "sft": {"use": "local-sft"},
    "rl": {"use": "local-grpo", "steps": 6, "evaluate_at": [3]},
    "engine": {"use": "local"},
    "benchmarks": [{"use": "dag-6", "problems": 6, "samples": 8}, {"use": "add-5", "problems": 6, "samples": 8}],
    "proxies": ["pass@1", "pass@8", "headroom@8", "fixed-set-loss"],
    "primary_proxy": "pass@8",
    "outcome": {"metric": "pass@1", "samples": 4},
    "execution": {"use": "local-processes", "workers": 2},
}
NAME = "made-up/first"
Result = dict[str, Any]


def make_run(folder: Path, *, seed: int = 5, seconds: float = 12.5) -> Run:
    """Make a run of `RECIPE` in `folder`; the same seed gives the same counts."""
    plugins = Plugins.discover()
    recipe = load(RECIPE, plugins)
    layout = layout_of(recipe)
    rng = np.random.default_rng(seed)
    measured = [_candidate(place, facts, recipe, rng) for place, facts in enumerate(layout["candidates"])]
    around = Circumstances(
        cost={"seconds": seconds, "tokens": 9, "gpu_hours": 0.0, "by_kind": {}},
        proxy_costs={p["name"]: {"seconds": 1.0, "tokens": 9, "samples": 4} for p in layout["proxies"]},
        environment={"harness": "0.1.0"},
        plugins=sorted({part["from"] for part in _components(recipe, plugins)}),
    )
    result = json.loads(json.dumps(compose(measured, layout, around)))
    folder.mkdir(parents=True, exist_ok=True)
    write_counts(folder / "counts.parquet", measured)
    return Run(
        folder=folder,
        result=result,
        counts=folder / "counts.parquet",
        recipe=RECIPE,
        components=_components(recipe, plugins),
    )


def make_registry(folder: Path, run: Run) -> Path:
    """Make a registry with the run as its one entry."""
    submit(run, folder, name="first")
    return folder


def entry_of(registry: Path) -> Path:
    return registry / f"results/{NAME}.json"


def edit(path: Path, change: Callable[[Result], None], *, digest: bool = True) -> None:
    """Edit an entry as a forger does, who corrects the digest too unless told otherwise."""
    result = json.loads(path.read_text(encoding="utf-8"))
    change(result)
    if digest:
        result["numbers_digest"] = numbers_digest(result)
    path.write_text(json.dumps(result), encoding="utf-8")


def edit_counts(path: Path, change: Callable[[dict[str, list[Any]]], None], *, digest: bool = True) -> None:
    """Edit an entry's counts, and correct their SHA-256 in the entry unless told otherwise."""
    counts = path.with_suffix(".counts.parquet")
    columns = pq.read_table(counts).to_pydict()
    change(columns)
    pq.write_table(pa.table(columns), counts)
    if digest:
        fresh = digests.of_path(counts)
        edit(path, lambda result: result["submission"].update(counts_sha256=fresh))


def _components(recipe: Recipe, plugins: Plugins) -> list[dict[str, str]]:
    pending = [part for step in build(recipe, plugins).steps for part in step.parts]
    rows = {(part.kind, part.name, part.version, plugins.owner_of(part.kind, part.name)) for part in pending}
    return [dict(zip(("kind", "name", "version", "from"), row, strict=True)) for row in sorted(rows)]


def _counts(rng: np.random.Generator, skill: float, samples: int) -> tuple[Counts, ...]:
    return tuple(
        Counts(
            benchmark=name,
            problem_ids=tuple(f"{name}-{i}" for i in range(6)),
            num_samples=np.full(6, samples),
            num_correct=rng.binomial(samples, np.clip(skill + rng.uniform(0, 0.5, 6), 0, 1)),
        )
        for name in ("dag-6", "add-5")
    )


def _candidate(place: int, facts: dict[str, Any], recipe: Recipe, rng: np.random.Generator) -> Measured:
    skill = 0.1 + place / 12
    one = Measured(
        name=facts["name"],
        facts=facts,
        pre=Phase(by_seed={seed: _counts(rng, skill, 8) for seed in recipe.seeds}),
        train_tokens=100.0 * place,
        examples=10,
        epochs=1,
    )
    one.post = Phase(by_seed={seed: _counts(rng, skill + 0.2, 4) for seed in recipe.seeds})
    one.along = {3: Phase(by_seed={seed: _counts(rng, skill + 0.1, 4) for seed in recipe.seeds})}
    one.rl_steps, one.rl_tokens = 6, {3: 50.0 + place, 6: 200.0 + place}
    one.readings = {use.label: _reading(use, one, rng) for use in recipe.proxies}
    return one


def _reading(use: Any, one: Measured, rng: np.random.Generator) -> Reading:
    rows = {}
    for seed, counts in one.pre.by_seed.items():
        value, low, high = float(rng.normal()), None, None
        if isinstance(use.offer, Proxy) and use.offer.needs(use.params) == {"counts"}:
            found = use.offer.load()(Evidence(candidate=one.name, seed=seed, counts=counts), use.params)
            value, low, high = found.value, found.low, found.high
        rows[seed] = {"value": value, "low": low, "high": high, "reason": None}
    return Reading(by_seed=rows)
