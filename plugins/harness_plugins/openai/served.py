"""served: a model that a server has, for `base` or a candidate's `checkpoint`.

The server keeps the weights, and nothing here can look at them: name and revision are what the study's keys know of the
model, so give a new revision when the server's model changes under its old name. Only the `openai` engine can use it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import LocalPath, Model, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness import Context

FILE = "served.json"
"""In a checkpoint folder: {"model": name, "revision": text, "tokenizer": whether the folder has one}."""
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".onnx", ".h5", ".msgpack")


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What identifies the model."""

    model: str
    """Its name on the server, as its list of models gives it."""
    revision: str
    """What tells its weights from others under the same name: a commit hash, a digest, a date. Part of every key."""
    tokenizer: LocalPath | None = None
    """Folder with its tokenizer. Prompts then travel as token ids, just as other engines see them, and held-out traces
    can be scored; null: the server makes tokens of text."""

    def __post_init__(self) -> None:
        """Refuse what identifies nothing."""
        for name in ("model", "revision"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty; say which model the server has")


def name_served(params: Params, context: Context) -> Path:
    """Write a folder that names the model, with a copy of its tokenizer."""
    folder = context.work / "served"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if params.tokenizer:
        for file in params.tokenizer.iterdir():
            if file.is_file() and file.suffix not in _WEIGHTS and not file.name.endswith(".index.json"):
                shutil.copyfile(file, folder / file.name)
    facts = {"model": params.model, "revision": params.revision, "tokenizer": params.tokenizer is not None}
    (folder / FILE).write_text(json.dumps(facts), encoding="utf-8")
    return folder


@hookimpl
def harness_models() -> Iterator[Model]:
    """Offer it."""
    yield Model(
        name="served",
        version="1",
        summary="a model that an OpenAI-compatible server has, by name and revision",
        params=Params,
        load=lambda: name_served,
    )
