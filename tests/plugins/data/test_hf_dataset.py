"""hf-dataset: pinned on the hub, read from a saved folder; nothing heavy is imported to offer it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import harness_plugins.data
import harness_plugins.math
from harness import DataError
from harness_plugins.data import hf_dataset

Load = Callable[..., list[Any]]

HUB, FOLDER = hf_dataset.harness_data_sources()
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dataset": "openai/gsm8k", "revision": "main"}, "revision 'main' is not a commit hash"),
        ({"dataset": "./gsm8k", "revision": COMMIT}, "not a hub id.*use 'hf-dataset-folder'"),
        ({"dataset": "./gsm8k", "revision": None}, "not a hub id.*use 'hf-dataset-folder'"),
        ({"dataset": "openai/gsm8k"}, "required"),
        ({"dataset": "openai/gsm8k", "revision": COMMIT, "prompt_template": "{"}, "prompt_template"),
    ],
)
def test_hub_dataset_must_be_pinned(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(HUB.params).validate_python(settings)


def test_hub_dataset_may_be_unpinned_where_that_is_written_out() -> None:
    """Leaving `revision` out is refused above; null says that it is meant."""
    adapter = TypeAdapter(HUB.params)
    assert adapter.validate_python({"dataset": "openai/gsm8k", "revision": None}).revision is None


def test_hub_dataset_params_are_the_same_after_a_round_trip_through_json() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(HUB.params)
    params = adapter.validate_python({"dataset": "openai/gsm8k", "revision": COMMIT, "config": "main", "limit": 5})
    assert adapter.validate_json(adapter.dump_json(params), strict=True) == params
    assert HUB.requires == FOLDER.requires == ("datasets",)


def test_saved_folder_gives_its_examples(load: Load, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_dict({"question": ["p", "q"], "response": ["a", "b"]})
    table.save_to_disk(str(tmp_path / "one"))
    datasets.DatasetDict({"train": table}).save_to_disk(str(tmp_path / "many"))
    fields = {"prompt": "question"}
    assert [e.prompt for e in load(FOLDER, {"path": tmp_path / "one", "fields": fields})] == ["p", "q"]
    assert [e.prompt for e in load(FOLDER, {"path": tmp_path / "many", "split": "train", "fields": fields})] == ["p", "q"]
    with pytest.raises(DataError, match="split None is not there; set 'split' to one of: train"):
        load(FOLDER, {"path": tmp_path / "many"})
    with pytest.raises(DataError, match="leave 'split' out"):
        load(FOLDER, {"path": tmp_path / "one", "split": "train"})
    with pytest.raises(DataError, match="no data set saved by save_to_disk"):
        load(FOLDER, {"path": tmp_path})


def test_offering_imports_nothing_heavy() -> None:
    script = (
        f"import sys, {harness_plugins.data.__name__}, {harness_plugins.math.__name__}; "
        "print([m for m in ('numpy', 'pydantic', 'pyarrow', 'torch', 'huggingface_hub', 'datasets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
