"""Served models: what stands for one in the store, and a study of two of them, run as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness_plugins.openai.served import Params

HARNESS = Path(sys.executable).with_name("harness")


def test_served_folder_names_the_model_and_copies_the_tokenizer_alone(served, base) -> None:
    folder = served("qwen")
    assert json.loads((folder / "served.json").read_text()) == {"model": "qwen", "revision": "1", "tokenizer": True}
    copied = {file.name for file in folder.iterdir()}
    assert {"tokenizer.json", "tokenizer_config.json", "generation_config.json"} <= copied
    assert "model.safetensors" not in copied
    assert {file.name for file in served("qwen", tokenizer=None).iterdir()} == {"served.json"}


@pytest.mark.parametrize("name", ["model", "revision"])
def test_served_model_without_name_or_revision_is_refused(name) -> None:
    with pytest.raises(ValueError, match=f"{name} is empty"):
        Params(**{"model": "m", "revision": "r", name: " "})


def study(server, base, **more) -> dict:
    def served(name: str) -> dict:
        return {"use": "served", "model": name, "revision": "2026-11", "tokenizer": str(base)}

    return {
        "schema_version": 1, "name": "served", "base": served("base"),
        "data": {"heldout": {"use": "miniature-heldout", "examples": 6}},
        "candidates": [{"name": name, "checkpoint": served(name)} for name in ("a", "b")],
        "engine": {"use": "openai", "base_url": server.url, "n_max": 4, "backoff_s": 0.001, "retries": 1, **more},
        "benchmarks": [{"use": "add-5", "problems": 3, "samples": 8, "sampling": {"max_tokens": 12}}],
        "proxies": ["pass@1", "fixed-set-loss", "token-entropy"], "outcome": {"samples": 8},
        "execution": {"use": "local-processes", "workers": 1},
    }  # fmt: skip


def run(tmp_path, recipe: dict, *words: str) -> subprocess.CompletedProcess:
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    command = [HARNESS, *words, str(tmp_path / "recipe.json"), "--json"]
    store = [] if words[0] == "validate" else ["--store", str(tmp_path / "store")]
    return subprocess.run([*command, *store], capture_output=True, text=True)


def test_study_of_served_models_asks_each_by_its_name_and_nothing_twice(tmp_path, server, base) -> None:
    done = run(tmp_path, study(server, base), "run")
    assert done.returncode == 0, done.stderr
    # 3 problems x 8 samples in requests of 4, and 6 traces, of each candidate; nothing needs the base's own samples.
    asked = {model: [a for a in server.asked if a["model"] == model] for model in ("a", "b")}
    for found in asked.values():
        assert sum(a["n"] for a in found if "n" in a) == 24
        assert sum("prompt_logprobs" in a for a in found) == 6
    (result,) = (tmp_path / "store" / "studies").glob("*/result.json")
    candidates = json.loads(result.read_text())["candidates"]
    assert [c["name"] for c in candidates] == ["a", "b"]
    entropy = candidates[0]["proxies"]["token-entropy"]
    assert entropy["value"] is None and "the engine gave no finite entropy" in json.dumps(entropy)
    assert candidates[0]["proxies"]["fixed-set-loss"]["value"] > 0
    # The address is no part of any key.
    before = len(server.asked)
    elsewhere = study(server, base) | {"engine": {**study(server, base)["engine"], "base_url": "http://127.0.0.1:9/v1"}}
    assert run(tmp_path, elsewhere, "run").returncode == 0
    assert len(server.asked) == before


def test_key_in_a_recipe_is_refused_unseen(tmp_path, server, base) -> None:
    refused = run(tmp_path, study(server, base, key_variable="sk-secret-1234"), "validate")
    assert refused.returncode == 2
    assert "key_variable" in refused.stdout and "never the key itself" in refused.stdout
    assert "sk-secret" not in refused.stderr + refused.stdout
