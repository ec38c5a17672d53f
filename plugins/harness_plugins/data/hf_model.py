"""hf, folder: a base model from the Hugging Face hub, or from a local folder in Hugging Face form.

Weights must be safetensors: pickled ones can run code when they are loaded, and are refused. The hub is asked only where a
recipe names `hf`; where HF_HUB_OFFLINE is set, the cache is used alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import Context, DataError, LocalPath, Model, hookimpl
from harness_plugins.data.files import display
from harness_plugins.data.hub import check_pinned

WANTED_FILES = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "vocab.txt")
_LFS_START = b"version https://git-lfs"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubParams:
    """Settings of `hf`."""

    path: str
    """Hub id, "owner/name"."""
    revision: str
    """Commit hash of 40 hex digits; a branch would let the model change under the same recipe."""

    def __post_init__(self) -> None:
        """Refuse what is not pinned."""
        check_pinned(self.path, self.revision, "'folder'")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderParams:
    """Settings of `folder`."""

    path: LocalPath
    """Folder with config.json, safetensors weights and a tokenizer."""


def fetch_model(params: HubParams, _context: Context) -> Path:
    """Download the model into the Hugging Face cache, or find it there, and return its folder.

    Raises:
        DataError: the repository has no safetensors weights, no config.json or no tokenizer.
    """
    from huggingface_hub import snapshot_download

    folder = snapshot_download(params.path, revision=params.revision, allow_patterns=list(WANTED_FILES))
    check_folder(Path(folder), params.path)
    return Path(folder)


def use_folder(params: FolderParams, _context: Context) -> Path:
    """Return the folder as it is, after a look at what it holds.

    Raises:
        DataError: the folder has no safetensors weights, no config.json or no tokenizer.
    """
    check_folder(params.path, display(params.path))
    return params.path


def check_folder(folder: Path, name: str) -> None:
    """Check that a folder holds a whole model in Hugging Face form.

    Raises:
        DataError: something is missing, pickled, or a Git LFS pointer; the message opens with `name`.
    """
    if not (folder / "config.json").is_file():
        raise DataError(f"{name}: no config.json; name a model folder in Hugging Face form")
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise DataError(f"{name}: {_without_weights(folder)}")
    for file in [*weights, *_shards(folder, name)]:
        if not file.is_file():
            raise DataError(f"{name}: {file.name} is missing though the index lists it; fetch the model again")
        if _starts_with_pointer(file):
            raise DataError(f"{name}: {file.name} is a Git LFS pointer, not weights; run: git lfs pull")
    if not any((folder / file).is_file() for file in _TOKENIZER_FILES):
        raise DataError(f"{name}: no tokenizer ({', '.join(_TOKENIZER_FILES)}); save the tokenizer beside the weights")


def _without_weights(folder: Path) -> str:
    pickled = sorted(file.name for pattern in ("*.bin", "*.pt", "*.pth") for file in folder.glob(pattern))
    if pickled:
        return f"weights only as pickle ({pickled[0]}), which can run code when loaded; convert them to safetensors"
    return "no *.safetensors weights; name a model folder in Hugging Face form"


def _shards(folder: Path, name: str) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return []
    try:
        files = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        return [folder / file for file in sorted(set(files))]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(f"{name}: {index.name} is damaged; fetch the model again") from None


def _starts_with_pointer(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_LFS_START)) == _LFS_START


@hookimpl
def harness_models() -> Iterator[Model]:
    """Offer `hf` and `folder`."""
    yield Model(
        name="hf",
        version="1",
        summary="a base model from the Hugging Face hub, pinned to a commit",
        params=HubParams,
        load=lambda: fetch_model,
        requires=("huggingface_hub",),
    )
    yield Model(
        name="folder",
        version="1",
        summary="a base model from a local folder in Hugging Face form",
        params=FolderParams,
        load=lambda: use_folder,
    )
