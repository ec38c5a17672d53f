"""Notes and cost: they may stand where a reader looks for them, and move no key and no digest."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from harness import plan as planning
from harness.plugins import Plugins
from harness.recipe import FaultyRecipeError, load
from harness.recipe.notes import without_notes
from harness.shipped import shipped

RECIPE: dict[str, Any] = {
    "schema_version": 1,
    "name": "noted",
    "base": {"use": "miniature-base"},
    "data": {"sft": {"use": "miniature-sft"}, "heldout": {"use": "miniature-heldout"}, "rl": {"use": "miniature-rl"}},
    "candidates": [
        {"name": "base", "sft": None},
        {
            "name": "mixed",
            "curate": [{"use": "mixture", "parts": [{"curate": [{"use": "subset", "examples": 9}]}]}],
            "sft": {"batch_size": 4},
            "details": {"notes": "a detail of the candidate", "use": "by hand"},
        },
    ],
    "grid": {"axes": {"n": [8, 16]}, "curate": [{"use": "subset", "examples": "$n"}], "sft": {"batch_size": 2}},
    "sft": {"use": "local-sft"},
    "rl": {"use": "local-grpo", "reward": {"use": "answer-match"}},
    "engine": {"use": "local"},
    "benchmarks": [{"use": "chain-14", "grader": {"use": "answer-match"}}],
    "proxies": ["pass@1", {"use": "pass@k", "k": 4}],
    "execution": {"use": "local-processes"},
}


def noted() -> dict[str, Any]:
    """The same with a note at every place, in every form."""
    recipe = copy.deepcopy(RECIPE)
    candidate, grid = recipe["candidates"][1], recipe["grid"]
    mixture = candidate["curate"][0]
    places = [
        *(recipe, recipe["base"], *recipe["data"].values(), *recipe["candidates"], candidate["sft"], mixture, grid),
        *(mixture["parts"][0]["curate"][0], grid["curate"][0], grid["sft"], recipe["sft"], recipe["rl"], recipe["engine"]),
        *(recipe["rl"]["reward"], recipe["benchmarks"][0], recipe["benchmarks"][0]["grader"], recipe["proxies"][1]),
        recipe["execution"],
    ]
    forms: list[Any] = ["why", ["why", "and how"], {"batch_size": "why"}]
    for number, place in enumerate(places):
        place["notes"] = forms[number % 3]
    recipe["cost"] = {"parameters": 1e6, "notes": "guessed"}
    return recipe


def test_notes_and_cost_move_no_key_and_no_digest() -> None:
    plugins = Plugins.discover()
    plain, other = load(RECIPE, plugins), load(noted(), plugins)
    assert plain.digest == other.digest
    assert plain.raw != other.raw
    keys = [[step.key for step in planning.build(recipe, plugins).steps] for recipe in (plain, other)]
    assert keys[0] == keys[1]


def test_without_notes_keeps_details_and_settings_that_are_called_notes() -> None:
    assert without_notes(noted()) == RECIPE
    source = {"use": "jsonl", "path": "x", "meta": {"notes": "column"}, "notes": "of the recipe"}
    assert without_notes({"data": {"sft": source}})["data"]["sft"]["meta"] == {"notes": "column"}


def test_details_are_part_of_the_digest() -> None:
    plugins = Plugins.discover()
    other = copy.deepcopy(RECIPE)
    other["candidates"][1]["details"]["notes"] = "another"
    assert load(other, plugins).digest != load(RECIPE, plugins).digest


@pytest.mark.parametrize("name", ["quickstart", "miniature"])
def test_recipe_without_notes_has_the_digest_of_its_own_text(name: str) -> None:
    import json

    raw = json.loads(shipped("recipes", name).read_text())
    assert without_notes(raw) == raw


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"notes": 5}, "notes: 5 is not a string or a list or an object"),
        ({"base": {"use": "miniature-base", "notes": {"a": 1}}}, "base.notes.a: 1 is not a string"),
        ({"cost": {}}, 'cost.parameters: missing; add "parameters" (Weights of the base)'),
        ({"cost": {"parameters": 1e9, "gpu": "h1000"}}, 'cost.gpu: no such value: "h1000"; give one of'),
        ({"cost": {"parameters": 1e9, "layers": 4}}, 'cost: "layers" means nothing without "width"; add that'),
        ({"cost": {"parameters": 1e9, "problems": {"amc": 0}}}, "cost.problems.amc: 0 is out of range"),
        ({"cost": {"parameters": 1e9, "utilisation": {"trian": 0.1}}}, "did you mean 'train'"),
    ],
    ids=str,
)
def test_wrong_notes_and_costs_are_explained(change: dict[str, Any], says: str) -> None:
    with pytest.raises(FaultyRecipeError) as caught:
        load({**RECIPE, **change}, Plugins.discover())
    assert says in str(caught.value)
