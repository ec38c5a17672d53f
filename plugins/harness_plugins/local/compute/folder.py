"""Read and write Hugging Face checkpoint folders: local files only, no remote code, whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers

from harness import UserError
from harness_plugins.local.compute.tokens import end_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKENIZER_FILES = (
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "special_tokens_map.json",
    "spiece.model",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFolder:
    """A checkpoint folder in memory."""

    source: Path
    model: Any
    """A transformers causal language model in float32, in evaluation mode: dropout would make a policy's probabilities
    differ from those it was sampled with."""
    tokenizer: Any
    end_ids: tuple[int, ...]
    """Tokens that end a completion; the first is the one that training puts behind responses."""
    context: int | None
    """Largest number of positions; None where the config gives no bound."""

    @property
    def device(self) -> torch.device:
        """Where the model lies."""
        device: torch.device = self.model.device
        return device


def pick_device(name: str) -> torch.device:
    """Resolve a device setting.

    Raises:
        UserError: `cuda` is asked for where there is none.
    """
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise UserError("device: 'cuda' is asked for, but torch sees no CUDA device; use 'auto' or 'cpu'")
    return torch.device("cuda" if has_cuda and name != "cpu" else "cpu")


def load_folder(source: Path, device: torch.device) -> LoadedFolder:
    """Load model and tokenizer.

    Raises:
        UserError: the folder is not a usable checkpoint of a causal language model.
    """
    try:
        with _quiet_bars():
            model: Any = transformers.AutoModelForCausalLM.from_pretrained(
                source, local_files_only=True, dtype=torch.float32
            )
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"checkpoint {source}: cannot be loaded: {_first_line(error)}; give a Hugging Face folder"
        ) from error
    model.config.use_cache = True
    ends = end_ids(model, tokenizer)
    if not ends:
        raise UserError(f"checkpoint {source}: its tokenizer has no end-of-sequence token; set eos_token in it")
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return LoadedFolder(source=source, model=model.to(device).eval(), tokenizer=tokenizer, end_ids=ends, context=context)


def save_folder(loaded: LoadedFolder, target: Path) -> None:
    """Write the model as it is now, with the source's tokenizer, to `target`, which appears by one rename."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    generation = loaded.model.generation_config
    # Some published generation configurations do not pass transformers' own check on saving; the file is copied instead.
    blank: Any = transformers.GenerationConfig
    loaded.model.generation_config = blank(eos_token_id=list(loaded.end_ids), use_cache=True)
    try:
        with _quiet_bars():
            loaded.model.save_pretrained(partial)
    finally:
        loaded.model.generation_config = generation
    _copy_generation_config(loaded.source, partial)
    _copy_tokenizer(loaded, partial)
    for file in partial.iterdir():
        sync(file)
    if target.exists():
        shutil.rmtree(target)
    partial.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Make a file, or a folder's list of names, outlast a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_generation_config(source: Path, target: Path) -> None:
    file = source / "generation_config.json"
    if not file.is_file():
        return
    config = json.loads(file.read_text(encoding="utf-8"))
    # Left at false by some trainers, it makes transformers' generate 10 to 40 times slower.
    config.pop("use_cache", None)
    (target / file.name).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _copy_tokenizer(loaded: LoadedFolder, target: Path) -> None:
    found = [loaded.source / name for name in _TOKENIZER_FILES if (loaded.source / name).is_file()]
    for file in found:
        shutil.copyfile(file, target / file.name)
    if not found:
        loaded.tokenizer.save_pretrained(target)


@contextlib.contextmanager
def _quiet_bars() -> Iterator[None]:
    """Hold transformers' own progress bars back: the host draws progress."""
    bars: Any = transformers.utils.logging
    was_on = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if was_on:
            bars.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
