"""Open a Hugging Face causal-LM folder to sample from it and score with it. Never asks the hub."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from harness import MissingError, UserError
from harness_plugins.local.compute.folder import pick_device

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def load_model(folder: Path, dtype: str, device: str) -> Any:
    """Load the weights for inference.

    Args:
        folder: holds config.json and *.safetensors.
        dtype: "auto" (float32 on a CPU, the checkpoint's own on CUDA), "float32" or "bfloat16".
        device: "auto", "cpu" or "cuda".

    Raises:
        MissingError: the folder is not there.
        UserError: the folder does not hold a causal language model, or there is no CUDA device where one is asked for.
    """
    from transformers import AutoModelForCausalLM

    _check_folder(folder)
    place = pick_device(device)
    own = torch.float32 if place.type == "cpu" else "auto"
    wanted: Any = {"float32": torch.float32, "bfloat16": torch.bfloat16}.get(dtype, own)
    with _quiet():
        try:
            model: Any = AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=wanted
            )
        except Exception as error:
            # Damaged files fail in json, safetensors or torch, each with errors of its own.
            reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
            raise UserError(
                f"{folder}: cannot be loaded as a causal language model: {reason}; give a whole Hugging Face folder"
            ) from error
    return model.to(place).eval()


def load_tokenizer(folder: Path) -> Any:
    """Load the tokenizer saved beside the weights.

    Raises:
        UserError: there is none that can be read.
    """
    from transformers import AutoTokenizer

    complaint = f"{folder}: has no tokenizer that transformers can read; save it there with tokenizer.save_pretrained"
    # Without any file transformers makes an empty tokenizer and says nothing.
    if not any(any(folder.glob(pattern)) for pattern in ("*token*", "vocab.*", "spiece.model", "sentencepiece*")):
        raise UserError(complaint)
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise UserError(complaint) from error


def _check_folder(folder: Path) -> None:
    """Refuse what is not a checkpoint folder before transformers words it its own way."""
    if not folder.is_dir():
        raise MissingError(f"{folder}: no such folder; give a Hugging Face checkpoint folder on this machine")
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder}: has no config.json; give a folder written by save_pretrained")
    if not any(folder.glob("*.safetensors")):
        raise UserError(f"{folder}: has no *.safetensors weights; save the model again with save_pretrained")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' loading bar out of workers' logs."""
    from transformers.utils import logging as untyped

    logging: Any = untyped
    was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_shown:
            logging.enable_progress_bar()
