"""hf and folder: only whole safetensors folders pass, and only pinned hub names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from harness import DataError
from harness_plugins.data import hf_model

HUB, FOLDER = hf_model.harness_models()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WHOLE = {"config.json": "{}", "model.safetensors": "weights", "tokenizer.json": "{}"}


def use(folder: Path) -> Path:
    params = TypeAdapter(FOLDER.params).validate_json(f'{{"path": "{folder}"}}', strict=True)
    path: Path = FOLDER.load()(params, None)
    return path


def fill(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_folder_returns_a_whole_model_as_it_is(tmp_path: Path) -> None:
    assert use(fill(tmp_path, WHOLE)) == tmp_path


def test_folder_accepts_all_shards_of_an_index(tmp_path: Path) -> None:
    index = '{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}'
    files = {"config.json": "{}", "tokenizer.model": "x", "model.safetensors.index.json": index}
    fill(tmp_path, {**files, "model-1.safetensors": "w"})
    with pytest.raises(DataError, match=r"model-2\.safetensors is missing though the index lists it"):
        use(tmp_path)
    assert use(fill(tmp_path, {"model-2.safetensors": "w"})) == tmp_path


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"config.json": None}, "no config.json"),
        ({"model.safetensors": None}, r"no \*\.safetensors weights"),
        ({"model.safetensors": None, "pytorch_model.bin": "x"}, r"only as pickle \(pytorch_model\.bin\), .*; convert them"),
        ({"tokenizer.json": None}, "no tokenizer"),
        ({"model.safetensors": "version https://git-lfs.github.com/spec/v1\noid"}, "Git LFS pointer.*git lfs pull"),
        ({"model.safetensors.index.json": "{"}, r"index\.json is damaged"),
        ({"model.safetensors.index.json": "[]"}, r"index\.json is damaged"),
        ({"model.safetensors.index.json": '{"weight_map": {"a": 5}}'}, r"index\.json is damaged"),
    ],
)
def test_folder_says_what_is_wrong_when_the_model_is_not_whole(
    tmp_path: Path, files: dict[str, str | None], said: str
) -> None:
    fill(tmp_path, {name: text for name, text in {**WHOLE, **files}.items() if text is not None})
    with pytest.raises(DataError, match=said):
        use(tmp_path)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"path": "./ckpt", "revision": COMMIT}, "not a hub id.*for a local folder use 'folder'"),
        ({"path": "/ckpt", "revision": COMMIT}, "not a hub id"),
        ({"path": "a/b/c", "revision": COMMIT}, "not a hub id"),
        ({"path": "org/model", "revision": "main"}, "revision 'main' is not a commit hash"),
        ({"path": "org/model", "revision": COMMIT[:-1]}, "is not a commit hash"),
        ({"path": "org/model"}, "required"),
    ],
)
def test_hub_model_must_be_pinned(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(HUB.params).validate_python(settings)


def test_hub_model_is_read_from_the_cache_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    snapshot = tmp_path / "models--org--model" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    fill(snapshot, WHOLE)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    params = TypeAdapter(HUB.params).validate_python({"path": "org/model", "revision": COMMIT})
    assert HUB.load()(params, None) == snapshot


@pytest.mark.network
def test_hub_model_is_fetched_when_its_commit_is_named() -> None:
    from huggingface_hub import HfApi

    name = "hf-internal-testing/tiny-random-LlamaForCausalLM"
    params = TypeAdapter(HUB.params).validate_python({"path": name, "revision": HfApi().model_info(name).sha})
    assert (HUB.load()(params, None) / "config.json").is_file()
