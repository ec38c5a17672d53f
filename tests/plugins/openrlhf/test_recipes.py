"""The paper's recipes through OpenRLHF 0.11.2's own parser: what it understands is what the recipe says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import plan as planning
from harness.plan.commands import commands
from harness.plugins import Plugins
from harness.recipe import load
from harness.store import Store
from harness_plugins.openrlhf import flags
from harness_plugins.openrlhf.grpo_settings import Params as Grpo
from harness_plugins.openrlhf.sft_settings import Params as Sft

RECIPES = Path(__file__).parents[3] / "recipes"
MODULES = {"sft": ("train_sft", Sft), "rl": ("train_ppo_ray", Grpo)}


def distinct_runs(path):
    """Return (candidate, step, arguments) of every run of the first seed that differs in more than where things lie."""
    raw = {**json.loads(path.read_text()), "seeds": [0]}
    plugins = Plugins.discover()
    recipe = load(raw, plugins)
    plan = planning.build(recipe, plugins)
    candidates = {candidate.name: candidate for candidate in recipe.candidates}
    store = Store(Path("nowhere"))
    found = {}
    for step in plan.steps:
        if step.kind == "train":
            module = MODULES[step.settings["method"]][0]
            ((argv),) = commands(step, plan, plugins, store)
            own = argv[argv.index(f"openrlhf.cli.{module}") + 1 :]
            told = tuple(word for word in own if "nowhere" not in word)
            found.setdefault(told, (candidates[step.candidate], step, own))
    return raw, list(found.values())


@pytest.mark.parametrize("path", sorted(RECIPES.glob("paper/*.json")), ids=lambda p: p.stem)
def test_parsed_values_are_the_recipes(parse, monkeypatch, path) -> None:
    monkeypatch.setenv("HARNESS_OPENRLHF_PYTHON", "/opt/openrlhf/bin/python")
    raw, runs = distinct_runs(path)
    jobs = [[MODULES[step.settings["method"]][0], list(own)] for _, step, own in runs]
    methods = set()
    for (candidate, step, _), found in zip(runs, parse(*jobs), strict=True):
        assert "args" in found, found
        assert "Warning" not in found["said"]
        method = step.settings["method"]
        methods.add(method)
        module, params = MODULES[method]
        wanted = dict(raw[method])
        if method == "sft" and "learning_rate" in (candidate.details or {}):
            wanted["learning_rate"] = candidate.details["learning_rate"]
        for name, flag in flags.flags_of(params).items():
            if name in wanted:
                assert found["args"][flag.of(module).removeprefix("--")] == wanted[name], name
        check = check_sft if method == "sft" else check_rl
        check(found["args"], wanted, candidate)
    assert methods == {"sft", "rl"}


def check_sft(args, wanted, candidate):
    (epochs,) = [use.settings["epochs"] for use in candidate.curate if use.offer.name == "epochs"]
    assert (args["train.max_epochs"], args["train.seed"], args["data.input_template"]) == (epochs, 0, "{}")
    assert args["data.apply_chat_template"] is False


def check_rl(args, wanted, _candidate):
    assert args["actor.eps_clip_low_high"] == [wanted["clip_low"], wanted["clip_high"]]
    assert args["actor.num_gpus_per_node"] == wanted["gpus"]
    assert args["algo.advantage.estimator"] == "group_norm"
    assert all(step % args["ckpt.save_steps"] == 0 for step in wanted["evaluate_at"])
    assert args["rollout.max_new_tokens"] < args["data.max_len"]
