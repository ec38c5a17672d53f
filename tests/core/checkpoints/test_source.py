"""Checkpoints as the command line names them, and the recipe they become."""

from pathlib import Path
from typing import Any

import pytest

from harness import plan as planning
from harness.checkpoints import Request, load_request, parse_source, parse_sources
from harness.errors import UserError
from harness.plugins import Plugins
from harness.recipe import load
from study.toy_checkpoints import lay_out
from study.toy_study import PLUGIN

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(lay_out(tmp_path))
    return tmp_path


def test_folder_is_named_by_itself_or_by_the_user(folder: Path) -> None:
    own, other, here = parse_sources(["weak", "mine=best", "./fair/"])
    assert (own.name, own.folder) == ("weak", folder / "weak")
    assert (other.name, other.folder) == ("mine", folder / "best")
    assert here.name == "fair"


def test_path_with_an_equals_sign_that_is_there_is_a_path(folder: Path) -> None:
    (folder / "best").rename(folder / "lr=3")
    found = parse_source("lr=3")
    assert (found.name, found.folder) == ("lr=3", folder / "lr=3")


def test_hub_id_is_pinned_and_becomes_the_hub_component(folder: Path) -> None:
    found = parse_source(f"acme/model@{COMMIT}")
    assert found.name == "acme/model@0123456"
    assert found.checkpoint == found.component == {"use": "hf", "path": "acme/model", "revision": COMMIT}


def test_name_that_is_taken_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="the name 'weak' is taken"):
        parse_sources(["weak"], taken=["weak"])


def test_folder_with_pickled_weights_is_no_checkpoint(folder: Path) -> None:
    (folder / "best" / "model.safetensors").rename(folder / "best" / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"has no \*\.safetensors; save the weights as safetensors"):
        parse_source("best")


def request_of(**changes: Any) -> Request:
    settings: dict[str, Any] = {
        "study": "rank",
        "sources": parse_sources(["weak", "best"]),
        "benchmarks": ({"use": "toy-bench"},),
        "proxies": ("pass@1",),
        "samples": 4,
        "engine": {"use": "toy-engine"},
    }
    return Request(**{**settings, **changes})


def plan_of(recipe: Any) -> Any:
    return planning.build(recipe, Plugins.discover([PLUGIN]))


def test_folder_has_the_key_it_has_in_a_written_recipe(folder: Path) -> None:
    plugins = Plugins.discover([PLUGIN])
    made = plan_of(load_request(request_of(), plugins))
    written = {
        "schema_version": 1,
        "name": "mine",
        "base": {"use": "toy-model"},
        "candidates": [
            {"name": "other name", "checkpoint": "best"},
            {"name": "by component", "checkpoint": {"use": "toy-model"}},
        ],
        "engine": {"use": "toy-engine"},
        "benchmarks": [{"use": "toy-bench", "samples": 4}],
        "proxies": ["pass@1"],
    }  # fmt: skip
    recipe = load(written, plugins)
    assert recipe.candidates[1].model is not None and recipe.candidates[1].checkpoint is None
    plan = plan_of(recipe)
    shared = {step.key for step in plan.steps} & {step.key for step in made.steps}
    kinds = sorted(step.kind for step in plan.steps if step.key in shared)
    assert kinds == ["data", "grade", "model", "sample"]
    component = next(step for step in plan.steps if step.title == "checkpoint · by component")
    assert (component.parts[0].kind, component.parts[0].name) == ("model", "toy-model")


def test_base_among_the_checkpoints_is_measured_once(folder: Path) -> None:
    request = request_of(base=parse_source("weak"), proxies=("pass@1", "coverage-ratio"))
    plan = plan_of(load_request(request, Plugins.discover([PLUGIN])))
    assert sum(step.kind == "sample" for step in plan.steps) == 2


def test_base_is_not_measured_when_no_proxy_compares_with_it(folder: Path) -> None:
    request = request_of(base=parse_source("fair"))
    plan = plan_of(load_request(request, Plugins.discover([PLUGIN])))
    assert sum(step.kind == "model" for step in plan.steps) == 2


def test_grader_of_the_user_takes_the_place_of_the_benchmarks_own(folder: Path) -> None:
    recipe = load_request(request_of(grader="answer-match"), Plugins.discover([PLUGIN]))
    assert recipe.benchmarks[0].grader == "answer-match"
    (part,) = {step.parts[0].name for step in plan_of(recipe).steps if step.kind == "grade"}
    assert part == "answer-match"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"engine": {"use": "toy-engin"}}, "--engine: no engine named 'toy-engin'; did you mean 'toy-engine'?"),
        ({"engine": {"use": "toy-engine", "loose": 1}}, "--engine: 'toy-engine' has no such setting; did you mean 'lose'?"),
        ({"grader": "none"}, "--grader: no grader named 'none'"),
        ({"heldout": {"use": "jsonl"}}, "--heldout: missing; add \"path\""),
        ({"benchmarks": ({"use": "toy-bench"},) * 2}, "--benchmark toy-bench: two benchmarks are called 'toy-bench'"),
        ({"proxies": ("pass@8",)}, "--proxy pass@8: pass@8 needs 8 samples a problem"),
        ({"proxies": ("pass@1", "micro-probe")}, "--proxy micro-probe: micro-probe@60 reads an RL run"),
        ({"primary": "pass@2"}, "--primary: 'pass@2' is not among the proxies"),
    ],
)  # fmt: skip
def test_fault_is_told_of_the_option(folder: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as caught:
        load_request(request_of(**changes), Plugins.discover([PLUGIN]))
    (line,) = str(caught.value).splitlines()
    assert line.startswith(said)


def test_fault_of_a_rule_is_told_of_the_rule(folder: Path) -> None:
    spelled = {"pass@1": "--require 'pass@1 >= 0'", "headrom": "--require 'headrom > 0'"}
    with pytest.raises(UserError, match=r"^--require 'headrom > 0': no proxy named 'headrom'; did you mean 'headroom'\?"):
        load_request(request_of(proxies=("pass@1", "headrom")), Plugins.discover([PLUGIN]), spelled)
