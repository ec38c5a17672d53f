"""Every shipped recipe: its components exist, it plans, and the paper's say where each value is from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import plan as planning
from harness.plan.estimate import estimate, total
from harness.plugins import Plugins
from harness.recipe import load
from harness.recipe.schema import by_kind

RECIPES = Path(__file__).parents[3] / "recipes"
PAPER = sorted(RECIPES.glob("paper/*.json"))
OTHERS = sorted(RECIPES.glob("*.json"))
SOURCES = ("paper A", "paper B", "paper C", "RETU:", "hub code", "ours:")
PLUGINS = Plugins.discover()


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON value, notes left out."""
    if isinstance(value, dict):
        yield value
        value = [inner for key, inner in value.items() if key != "notes"]
    for inner in value if isinstance(value, list) else ():
        yield from objects(inner)


def raw_of(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def planned(raw: Any) -> Any:
    return planning.build(load(raw, PLUGINS), PLUGINS)


def test_there_is_a_recipe_for_each_model_level_and_rl_data() -> None:
    parts = [path.stem.rsplit("-", 2) for path in PAPER]
    wanted = {
        (model, level, rl)
        for model in ("llama3-8b", "mistral-nemo-12b", "qwen3-4b")
        for level in ("dataset", "instance")
        for rl in ("math", "deepscaler")
    }
    assert {tuple(part) for part in parts} == wanted


@pytest.mark.parametrize("path", [*OTHERS, *PAPER], ids=lambda p: p.stem)
def test_every_component_a_recipe_uses_is_installed(path: Path) -> None:
    known = {name for offers in by_kind(PLUGINS).values() for name in offers}
    used = {one["use"] for one in objects(raw_of(path)) if isinstance(one.get("use"), str)}
    assert used
    assert used <= known


@pytest.mark.parametrize("path", OTHERS, ids=lambda p: p.stem)
def test_shipped_recipe_plans(path: Path) -> None:
    plan = planned(path)
    assert plan.target.kind == "analyze"


@pytest.mark.parametrize("path", PAPER, ids=lambda p: p.stem)
def test_paper_recipe_plans_and_its_cost_has_no_gap(path: Path) -> None:
    recipe = load(path, PLUGINS)
    assert recipe.cost is not None
    assert [b.samples for b in recipe.benchmarks] == [256] * 7
    assert (recipe.outcome.k, recipe.outcome.samples, recipe.primary_proxy) == (1, 64, "pass@64")
    plan = planning.build(recipe, PLUGINS)
    found = estimate(plan, recipe.cost, PLUGINS, plan.steps)
    assert found.unknown == ()
    assert {"train sft", "train rl", "sample", "score"} <= set(found.expected)
    runs = sum(step.kind == "train" and step.settings["method"] == "rl" for step in plan.steps)
    assert runs == len(recipe.candidates) * len(recipe.seeds)
    assert 0 < total(found.expected).gpu_hours <= total(found.at_most).gpu_hours
    # The paper: up to five days a run.
    assert found.longest is not None
    assert found.longest.hours < 5 * 24


@pytest.mark.parametrize("path", PAPER, ids=lambda p: p.stem)
def test_paper_recipe_says_where_every_setting_is_from(path: Path) -> None:
    raw = raw_of(path)
    places = [raw["base"], *raw["data"].values(), raw["sft"], raw["rl"], raw["engine"], *raw["benchmarks"], raw["execution"]]
    for place in [*places, raw["cost"]]:
        assert set(place) - {"notes", "use"} == set(place["notes"]) - {"use"}, place
    texts = [text for place in [*places, raw["cost"], *raw["grid"]] for text in place["notes"].values()]
    assert [text for text in texts if not text.startswith(SOURCES)] == []
    for grid in raw["grid"]:
        assert set(grid["axes"]) <= set(grid["notes"])


@pytest.mark.parametrize("level", ["dataset", "instance"])
def test_recipes_with_other_rl_data_share_all_sft_and_measurements_before_rl(level: str) -> None:
    """Mixtures apart: they may draw from any data source, and have all of them in their key."""
    raws = [raw_of(RECIPES / f"paper/qwen3-4b-{level}-{rl}.json") for rl in ("math", "deepscaler")]
    keys = []
    for raw in raws:
        steps = [s for s in planned({**raw, "seeds": [0]}).steps if not (s.candidate or "").startswith("mixed")]
        keys.append({s.key for s in steps if s.settings.get("phase") == "pre" or s.settings.get("method") == "sft"})
    assert keys[0] == keys[1]
    assert len(keys[0]) > 50


def test_numbers_of_problems_are_those_of_the_benchmarks_descriptions() -> None:
    stated = raw_of(PAPER[0])["cost"]["problems"]
    offers = by_kind(PLUGINS)["benchmark"]
    for name, count in stated.items():
        digits = [int(word) for word in offers[name].summary.replace(",", "").split() if word.isdigit()]
        assert count in digits or name == "aime-1983-2024", name
