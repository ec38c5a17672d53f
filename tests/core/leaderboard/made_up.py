"""A registry of one's own: results composed as a study composes them, from counts given by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from harness import Counts
from harness.recipe.load import recipe_digest
from harness.result.compose import Circumstances, compose, numbers_digest
from harness.result.counts import write_counts
from harness.result.measured import Measured, Phase, Reading

RECIPE: dict[str, Any] = {
    "schema_version": 1,
    "name": "made up",
    "base": {"use": "miniature-base"},
    "data": {"rl": {"use": "miniature-rl"}},
    "rl": {"use": "local-grpo", "steps": 6, "evaluate_at": [3]},
    "engine": {"use": "local"},
    "benchmarks": [{"use": "dag-6", "samples": 4}],
}
COMPONENTS = {"benchmark dag-6": "1", "grader miniature-check": "1", "trainer local-grpo": "1", "proxy pass@k": "1"}
HALF = {"A": [1] * 24, "B": [1] * 12 + [0] * 12, "C": [0] * 12 + [1] * 12, "D": [0] * 24}
"""Right answers of one sample a problem: A right on all of 24, B on the first half, C on the other, D on none."""


def counts_of(right: Sequence[int], samples: int = 1, benchmark: str = "dag-6", first: int = 0) -> Counts:
    return Counts(
        benchmark=benchmark,
        problem_ids=tuple(f"p{first + place:03d}" for place in range(len(right))),
        num_samples=np.full(len(right), samples),
        num_correct=np.array(right),
    )


def put(
    registry: Path,
    run: str,
    after: Mapping[str, Sequence[Sequence[int]]],
    *,
    study: str = "made up",
    recipe: Mapping[str, Any] | None = None,
    components: Mapping[str, str] | None = None,
    readings: Mapping[str, Mapping[str, float]] | None = None,
    first: int = 0,
    **submission: Any,
) -> Path:
    """Write an entry.

    Args:
        registry: its folder.
        run: name of the file.
        after: by candidate: right answers by problem, one list a seed.
        study: name of the study.
        recipe: beside the candidates; RECIPE if None.
        components: version by kind and name; COMPONENTS if None.
        readings: by proxy, by candidate; pass@1 is always there.
        first: number of the first problem, so that entries can have other problems.
        submission: keys that win over the usual ones.
    """
    raw = {**deepcopy(dict(recipe or RECIPE)), "candidates": [{"name": name} for name in after], "execution": {"use": run}}
    seeds = list(range(len(next(iter(after.values())))))
    measured = [_measured(name, runs, readings or {}, first) for name, runs in after.items()]
    layout = {
        "study": study,
        "recipe_digest": recipe_digest(raw),
        "seeds": seeds,
        "benchmarks": [{"name": "dag-6", "samples": 1}],
        "proxies": [
            {
                "name": name,
                "higher_is_better": True,
                "trivial": name == "random",
                **({"reads_rl": 3} if name == "micro-probe@3" else {}),
            }
            for name in ("pass@1", *(readings or {}))
        ],
        "primary_proxy": "pass@1",
        "baseline_proxy": "pass@1",
        "outcome": {"k": 1, "samples": 1},
        "evaluate_at": [3],
        "has_rl": True,
        "warnings": [],
    }
    around = Circumstances(
        cost={"seconds": 1.0, "tokens": 9, "gpu_hours": 0.0, "by_kind": {}},
        proxy_costs={proxy["name"]: {"seconds": 8.0, "tokens": 40} for proxy in layout["proxies"]},
        environment={"harness": "0.1.0"},
        plugins=["posttrain-harness 0.1.0"],
    )
    result = json.loads(json.dumps(compose(measured, layout, around, resamples=100)))
    result["submission"] = {
        "tier": "self-reported",
        "recipe": raw,
        "withdrawn": None,
        "components": [
            {
                "kind": key.split(" ", 1)[0],
                "name": key.split(" ", 1)[1],
                "version": version,
                "from": "posttrain-harness 0.1.0",
            }
            for key, version in (COMPONENTS if components is None else components).items()
        ],
        **submission,
    }
    folder = registry / "results" / "made-up"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run}.json"
    path.write_text(json.dumps(result), encoding="utf-8")
    write_counts(path.with_suffix(".counts.parquet"), measured)
    return path


def edit(path: Path, **changes: Any) -> None:
    """Change keys of an entry."""
    result = json.loads(path.read_text(encoding="utf-8"))
    result.update(changes)
    result["numbers_digest"] = numbers_digest(result)
    path.write_text(json.dumps(result), encoding="utf-8")


def _measured(name: str, runs: Sequence[Sequence[int]], readings: Mapping[str, Mapping[str, float]], first: int) -> Measured:
    phase = Phase(by_seed={seed: (counts_of(right, first=first),) for seed, right in enumerate(runs)})
    one = Measured(
        name=name,
        facts={"name": name, "family": "base", "kind": "sft", "details": {}, "curation": [{"use": "subset", "examples": 8}]},
        pre=phase,
        post=phase,
        along={3: phase},
        train_tokens=10.0,
        rl_steps=6,
        rl_tokens={3: 10.0, 6: 20.0},
    )
    own = {"pass@1": float(np.mean(runs)), **{proxy: values[name] for proxy, values in readings.items()}}
    one.readings = {
        proxy: Reading(by_seed={seed: {"value": value, "low": None, "high": None, "reason": None} for seed in phase.by_seed})
        for proxy, value in own.items()
    }
    return one
