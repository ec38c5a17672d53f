"""The plan: what shares a key, what does not, and what is asked for."""

import copy
import json
from pathlib import Path
from typing import Any

from study.toy_study import TOY, changed, loaded


def keys(plan: Any, kind: str) -> set[str]:
    return {step.key for step in plan.steps if step.kind == kind}


def test_plan_puts_every_step_after_its_inputs() -> None:
    plan = loaded(TOY)
    seen = set()
    for step in plan.steps:
        assert set(step.inputs.values()) <= seen, step.title
        seen.add(step.ref)
    assert plan.target.kind == "analyze"


def test_plan_is_the_same_twice() -> None:
    assert [s.key for s in loaded(TOY).steps] == [s.key for s in loaded(copy.deepcopy(TOY)).steps]


def test_more_samples_keep_the_first_block() -> None:
    few = loaded(changed("benchmarks.0.samples", 64))
    more = loaded(changed("benchmarks.0.samples", 160))
    assert keys(few, "sample") < keys(more, "sample")
    blocks = {
        (s.settings["first"], s.settings["samples"])
        for s in more.steps
        if s.kind == "sample" and s.settings["phase"] == "pre"
    }
    assert blocks == {(0, 64), (64, 64), (128, 32)}


def test_proxies_and_workers_move_no_key_of_training_or_sampling() -> None:
    plain = loaded(TOY)
    other = loaded({**TOY, "proxies": ["pass@1", "headroom@8"], "execution": {"use": "local-processes", "workers": 2}})
    for kind in ("train", "sample", "grade", "curate"):
        assert keys(plain, kind) == keys(other, kind)


def test_engine_settings_move_samples_and_not_training() -> None:
    plain, other = loaded(TOY), loaded(changed("engine", {"use": "toy-engine", "lose": 1}))
    assert keys(plain, "train") == keys(other, "train")
    assert not keys(plain, "sample") & keys(other, "sample")


def test_default_written_out_moves_no_key() -> None:
    plain, other = loaded(TOY), loaded(changed("sft", {"use": "toy-sft", "gain": 0.2}))
    assert keys(plain, "train") == keys(other, "train")


def test_seed_moves_training_and_curation_and_not_the_data() -> None:
    plain, other = loaded(TOY), loaded({**TOY, "seed": 1})
    assert not keys(plain, "train") & keys(other, "train")
    assert keys(plain, "data") == keys(other, "data")


def test_plan_scores_nothing_when_no_proxy_asks_for_losses() -> None:
    plan = loaded({**TOY, "proxies": ["pass@1"]})
    assert not keys(plan, "score")


def test_plan_measures_drift_when_a_proxy_asks_for_it_and_not_else() -> None:
    assert not keys(loaded(TOY), "drift")
    plan = loaded({**TOY, "proxies": ["pass@1", "parameter-distance", "drift-kl"]})
    steps = {step.candidate: step for step in plan.steps if step.kind == "drift"}
    assert list(steps) == ["all", "half", "short", "base"]
    (base,) = (step.ref for step in plan.steps if step.title == "base model")
    (heldout,) = (step.ref for step in plan.steps if step.title == "data · heldout")
    for step in steps.values():
        assert (step.inputs["base"], step.inputs["traces"]) == (base, heldout)
    assert steps["base"].inputs["model"] == base
    readers = {s.title for s in plan.steps if any(role.startswith("drift/") for role in s.inputs)}
    assert readers == {"proxy · parameter-distance", "proxy · drift-kl"}
    for kind in ("train", "sample", "grade", "curate"):
        assert keys(plan, kind) == keys(loaded(TOY), kind)


def test_plan_names_the_sft_run_of_each_candidate_for_proxies_that_ask() -> None:
    candidates = [
        {"name": "first"},
        {"name": "second", "start_from": "first"},
        {"name": "third", "start_from": "second"},
        {"name": "stated", "start_from": "third", "details": {"run": "own"}},
        {"name": "after it", "start_from": "stated"},
        {"name": "base", "sft": None},
    ]
    plan = loaded({**TOY, "candidates": candidates, "proxies": ["pass@1", "relative-loss", "generalization-loss"]})
    settings = {step.title: step.settings for step in plan.steps if step.kind == "proxy"}
    assert settings["proxy · relative-loss"]["runs"] == ["first", "first", "first", "own", "own", "base"]
    assert all("runs" not in found for title, found in settings.items() if title != "proxy · relative-loss")


def test_candidate_that_only_draws_a_subset_shares_the_fixed_set() -> None:
    plan = loaded(TOY)
    scored = [s for s in plan.steps if s.kind == "score"]
    assert {s.candidate: s.settings["file"] for s in scored if s.settings["file"] == "heldout.jsonl"} == {
        "short": "heldout.jsonl"
    }
    assert len(scored) == 5


def test_staged_candidate_starts_from_the_other_ones_checkpoint() -> None:
    recipe = changed("candidates.1", {"name": "second stage", "start_from": "all"})
    plan = loaded(recipe)
    sft = {s.candidate: s for s in plan.steps if s.kind == "train" and s.settings["method"] == "sft"}
    assert sft["second stage"].inputs["start"] == sft["all"].ref


def test_local_data_is_keyed_by_content_and_not_by_place(tmp_path: Path) -> None:
    rows = [json.dumps({"prompt": f"p{i}", "response": "r"}) for i in range(3)]
    for name, lines in (("one", rows), ("two", rows), ("three", rows[:2])):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n")

    def data_keys(name: str) -> set[str]:
        return keys(loaded(changed("data.heldout", {"use": "jsonl", "path": str(tmp_path / f"{name}.jsonl")})), "data")

    assert data_keys("one") == data_keys("two") != data_keys("three")
