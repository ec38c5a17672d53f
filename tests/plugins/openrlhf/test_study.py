"""A whole study over the stand-in program, run as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(sys.executable).with_name("harness")
RECIPE = {
    "schema_version": 1, "name": "stand-in", "seed": 3, "base": {"use": "miniature-base"},
    "data": {"sft": {"use": "miniature-sft", "examples": 32}, "rl": {"use": "miniature-rl", "examples": 8}},
    "candidates": [{"name": "twice", "curate": [{"use": "epochs", "epochs": 2}]}],
    "sft": {"use": "openrlhf-sft", "gpus": 1, "batch_size": 16, "micro_batch": 1},
    "rl": {"use": "openrlhf-grpo", "gpus": 1, "prompts_per_step": 2, "rollouts": 2, "rollout_micro_batch": 1,
           "batch_size": 4, "micro_batch": 1, "reward_workers": 1, "evaluate_at": [2]},
    "benchmarks": [{"use": "add-5", "problems": 2, "samples": 2}],
    "proxies": ["pass@1"], "outcome": {"samples": 2}, "execution": {"use": "local-processes", "workers": 1},
}  # fmt: skip


@pytest.fixture
def run(stand_in, tmp_path):
    """Run a command of the harness on the recipe and a store of this test."""
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPE))

    def call(*words):
        command = [HARNESS, words[0], str(tmp_path / "recipe.json"), "--store", str(tmp_path / "store"), *words[1:]]
        return subprocess.run(command, capture_output=True, text=True)

    return call


def test_study_ends_with_a_result_and_its_manifests_say_what_ran(run, stand_in, tmp_path) -> None:
    planned = json.loads(run("plan", "--json").stdout)["steps"]
    stand_in.order(steps=4)
    done = run("run")
    assert done.returncode == 0, done.stderr
    manifests = {m["key"]: m for m in map(read, (tmp_path / "store" / "artifacts" / "train").glob("*/manifest.json"))}
    commands = {step["key"]: step["command"] for step in planned if "command" in step}
    assert len(commands) == 2 and set(commands) == set(manifests)
    for key, command in commands.items():
        assert manifests[key]["facts"]["commands"] == [command], "the plan gave what ran"
        assert manifests[key]["facts"]["program"]["version"] == "0.11.2"
    trained = [path.name for path in (tmp_path / "store" / "artifacts" / "train").glob("*/step-2")]
    assert trained == ["step-2"]
    (result,) = (tmp_path / "store" / "studies").glob("*/result.json")
    assert [c["name"] for c in read(result)["candidates"]] == ["twice"]


def test_study_is_refused_where_openrlhf_is_not(run, monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("HARNESS_OPENRLHF_PYTHON")
    refused = run("run")
    assert refused.returncode == 2
    assert "trainer 'openrlhf-" in refused.stderr and "pip install 'openrlhf[vllm]==0.11.2'" in refused.stderr
    assert not (tmp_path / "store").exists() and "Traceback" not in refused.stderr


def read(path):
    return json.loads(path.read_text())
