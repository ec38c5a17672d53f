"""What a good recipe becomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.recipe import components
from harness import RecipeError
from harness.digest import of_json
from harness.plugins import Plugins
from harness.recipe import Recipe, load
from harness.values import Sampling


@pytest.fixture
def recipe(good: str, folder: Path, plugins: Plugins) -> Recipe:
    (folder / "r.json").write_text(good)
    return load(folder / "r.json", plugins)


def changed(good: str, folder: Path, **changes: Any) -> Path:
    """Write the good recipe with some keys set, or left out where None."""
    raw = {**json.loads(good), **changes}
    path = folder / "r.json"
    path.write_text(json.dumps({k: v for k, v in raw.items() if v is not None}))
    return path


def test_load_keeps_the_raw_recipe_and_its_digest(recipe: Recipe, good: str, folder: Path) -> None:
    assert recipe.raw == json.loads(good)
    assert recipe.digest == of_json({key: part for key, part in json.loads(good).items() if key != "execution"})
    assert recipe.path == folder / "r.json"
    assert (recipe.name, recipe.seeds, recipe.warnings) == ("study", (3, 4), ())


def test_digest_is_the_same_wherever_steps_run(recipe: Recipe, good: str, folder: Path, plugins: Plugins) -> None:
    elsewhere = load(changed(good, folder, execution=None), plugins)
    assert elsewhere.raw != recipe.raw
    assert elsewhere.digest == recipe.digest
    assert load(changed(good, folder, seeds=[5]), plugins).digest != recipe.digest


def test_load_orders_candidates_then_grid(recipe: Recipe) -> None:
    names = [c.name for c in recipe.candidates]
    assert names == ["unique x1", "half x2", "mixed", "staged", "mine", "base", "64x4", "128x1", "128x4"]


def test_grid_candidates_carry_coordinates_and_values(recipe: Recipe) -> None:
    last = recipe.candidates[-1]
    assert last.details == {"examples": 128, "epochs": 4}
    assert [dict(use.settings) for use in last.curate] == [{"examples": 128, "with_replacement": False}, {"epochs": 4}]


def test_candidate_sft_is_merged_over_the_recipes(recipe: Recipe) -> None:
    staged, unique = recipe.candidates[3], recipe.candidates[0]
    assert staged.sft and unique.sft
    assert staged.sft.params == components.SftParams(learning_rate=0.0005)
    assert unique.sft.params == components.SftParams(learning_rate=0.001)
    assert staged.start_from == "half x2"


def test_base_and_checkpoint_have_no_sft(recipe: Recipe, folder: Path) -> None:
    mine, base = recipe.candidates[4], recipe.candidates[5]
    assert (mine.sft, mine.checkpoint) == (None, folder / "runs/ckpt")
    assert (base.sft, base.checkpoint, base.curate) == (None, None, ())


def test_nested_chains_are_bound_with_their_defaults(recipe: Recipe) -> None:
    (mixture,) = recipe.candidates[2].curate
    inner = {"use": "length-filter", "keep": "shortest", "share": None}
    assert mixture.settings["parts"] == [{"share": 1.0, "curate": [inner]}]
    assert mixture.chains
    (bound,) = mixture.chains["parts"]
    assert bound.params == components.LengthParams()
    assert mixture.params.parts[0].curate == (inner,)


def test_local_paths_are_absolute_and_named(recipe: Recipe, folder: Path) -> None:
    heldout = recipe.data["heldout"]
    assert heldout.params.path == folder / "held.jsonl"
    assert heldout.settings["path"] == str(folder / "held.jsonl")
    assert heldout.paths == ("path",)
    assert recipe.data["sft"].paths == ()


def test_benchmarks_take_defaults_of_their_offer(recipe: Recipe) -> None:
    easy, hard = recipe.benchmarks
    assert (easy.name, easy.samples, hard.name, hard.samples) == ("easy", 64, "hard", 32)
    assert easy.sampling == hard.sampling == Sampling(max_tokens=50, temperature=1.0)


def test_proxies_have_labels_and_trivial_ones_join(recipe: Recipe) -> None:
    assert [p.label for p in recipe.proxies] == ["pass@1", "pass@16", "pass@32", "generalization-loss", "random"]
    assert recipe.proxies[2].params == components.PassParams(k=32)
    assert (recipe.primary_proxy, recipe.baseline_proxy) == ("pass@16", "pass@1")


def test_rl_takes_the_datas_grader_and_its_own_keys(recipe: Recipe) -> None:
    assert recipe.rl
    assert recipe.rl.reward.name == "exact"
    assert recipe.rl.evaluate_at == (10, 20)
    assert recipe.rl.use.settings == {"steps": 40, "clip": [0.2, 0.2]}


def test_explicit_default_changes_no_settings(good: str, folder: Path, plugins: Plugins) -> None:
    text = good.replace('"steps": 40,', '"steps": 40, "clip": [0.2, 0.2],').replace(
        '"keep": "shortest"', '"keep": "shortest", "share": null'
    )
    text = text.replace('"learning_rate": 0.001', '"learning_rate": 1e-3, "batch": 32').replace(
        '"share": 1,', '"share": 1.0,'
    )
    (folder / "a.json").write_text(good)
    (folder / "b.json").write_text(text)
    one, other = load(folder / "a.json", plugins), load(folder / "b.json", plugins)
    assert one.rl and other.rl
    assert one.rl.use == other.rl.use
    assert one.candidates == other.candidates
    assert one.digest != other.digest


def test_defaults_stand_in_for_what_is_left_out(good: str, folder: Path, plugins: Plugins) -> None:
    left_out = dict.fromkeys(
        ("seeds", "proxies", "primary_proxy", "baseline_proxy", "outcome", "execution", "budget", "grid")
    )
    recipe = load(changed(good, folder, **left_out), plugins)
    assert recipe.seeds == (0,)
    assert [p.label for p in recipe.proxies] == ["pass@1", "pass@32", "generalization-loss", "random"]
    assert (recipe.primary_proxy, recipe.baseline_proxy) == ("pass@32", "pass@1")
    assert (recipe.outcome.k, recipe.outcome.samples) == (1, 64)
    assert recipe.execution.settings == {"workers": "auto"}
    assert recipe.engine.offer.name == "local"
    assert recipe.budget is None


def test_baseline_joins_with_a_warning(good: str, folder: Path, plugins: Plugins) -> None:
    recipe = load(changed(good, folder, proxies=["pass@16"], baseline_proxy=None), plugins)
    assert [p.label for p in recipe.proxies] == ["pass@16", "random", "pass@1"]
    assert recipe.baseline_proxy == "pass@1"
    assert "pass@1 is added" in recipe.warnings[0]


def test_ranking_needs_no_rl_and_no_data(folder: Path, plugins: Plugins) -> None:
    raw: Mapping[str, Any] = {
        "schema_version": 1,
        "name": "rank",
        "base": {"use": "tiny"},
        "candidates": [{"name": "mine", "checkpoint": str(folder / "runs/ckpt")}, {"name": "base", "sft": None}],
        "benchmarks": [{"use": "easy"}],
    }
    recipe = load(raw, plugins)
    assert (recipe.rl, recipe.path, dict(recipe.data)) == (None, None, {})
    assert [p.label for p in recipe.proxies] == ["pass@1", "pass@64"]
    assert recipe.warnings == ()


def test_idle_parts_give_warnings_without_rl(good: str, folder: Path, plugins: Plugins) -> None:
    recipe = load(changed(good, folder, rl=None), plugins)
    assert recipe.warnings == ("outcome is not used: the recipe has no rl", "data.rl is not used: the recipe has no rl")


def test_absolute_path_may_be_anywhere(good: str, folder: Path, tmp_path_factory: Any, plugins: Plugins) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "h.jsonl"
    elsewhere.write_text("{}")
    data = {"sft": {"use": "sums"}, "rl": {"use": "sums"}, "heldout": {"use": "lines", "path": str(elsewhere)}}
    assert load(changed(good, folder, data=data), plugins).data["heldout"].params.path == elsewhere


def test_recipes_own_plugin_is_found(good: str, folder: Path) -> None:
    source = Path(components.__file__).read_text()
    (folder / "mine.py").write_text(source)
    plugins = Plugins.of()
    recipe = load(changed(good, folder, plugins=["mine.py"]), plugins)
    assert recipe.base.offer.name == "tiny"
    assert plugins.files == (folder / "mine.py",)


def test_other_trainer_replaces_the_recipes(good: str, folder: Path, plugins: Plugins) -> None:
    candidates = [{"name": "adapter", "sft": {"use": "other-sft", "rank": 8}}]
    recipe = load(changed(good, folder, candidates=candidates), plugins)
    assert recipe.candidates[0].sft
    assert recipe.candidates[0].sft.settings == {"rank": 8}


def test_several_grids_and_typed_axes(good: str, folder: Path, plugins: Plugins) -> None:
    grids = [
        {"axes": {"lr": [0.0003, 0.001], "pack": [True, False]}, "sft": {"learning_rate": "$lr", "pack": "$pack"}},
        {"name": "keep {k}", "axes": {"k": ["shortest"]}, "curate": [{"use": "length-filter", "keep": "$k"}], "family": "f"},
    ]
    recipe = load(changed(good, folder, candidates=None, grid=grids), plugins)
    names = [c.name for c in recipe.candidates]
    assert names[:2] == ["lr=0.0003 pack=True", "lr=0.0003 pack=False"]
    assert names[-1] == "keep shortest"
    assert recipe.candidates[0].sft
    assert recipe.candidates[0].sft.params == components.SftParams(learning_rate=0.0003, pack=True)
    assert recipe.candidates[-1].family == "f"


def test_skip_leaves_out_matching_points_only(good: str, folder: Path, plugins: Plugins) -> None:
    grid = json.loads(good)["grid"] | {"skip": [{"examples": 64}, {"examples": 128, "epochs": 4}]}
    recipe = load(changed(good, folder, candidates=None, grid=grid), plugins)
    assert [c.name for c in recipe.candidates] == ["128x1"]
    with pytest.raises(RecipeError, match="every combination is skipped"):
        load(changed(good, folder, candidates=None, grid=grid | {"skip": [{"examples": 64}, {"examples": 128}]}), plugins)


def test_mapping_that_is_no_json_is_refused(plugins: Plugins) -> None:
    for raw in ({"name": {1, 2}}, {"name": object()}):
        with pytest.raises(RecipeError, match="cannot be written as JSON"):
            load(raw, plugins)
    with pytest.raises(RecipeError, match=r"^recipe: name: "):
        load({"schema_version": 1, "name": 3, "base": {"use": "tiny"}, "benchmarks": [{"use": "easy"}]}, plugins)


def test_faults_of_a_component_that_two_plugins_offer_name_both(good: str, folder: Path) -> None:
    class Other:
        harness_models = components.harness_models

    with pytest.raises(RecipeError, match="offered by both"):
        load(changed(good, folder), Plugins.of(components, Other))


def test_proxies_of_drift_and_early_rl_are_taken_when_the_recipe_yields_what_they_read(
    good: str, folder: Path, plugins: Plugins
) -> None:
    wanted = ["pass@1", "drift", "micro-probe"]
    path = changed(good, folder, engine={"use": "measuring"}, proxies=wanted, primary_proxy="drift")
    assert [p.label for p in load(path, plugins).proxies] == [*wanted, "random"]
