"""local: samples and scores with torch, in this process, on a CPU or a CUDA device.

Opens any Hugging Face causal-LM folder without asking the hub. A prompt is prefilled once for all its samples,
finished rows make room, and the random number for a token depends on (seed, problem id, sample index, position) only,
so samples do not depend on batch size, order or a restart. Models of the Llama, Qwen2 and Qwen3 architectures go
through a decoder written for many short samples; all others through their own forward.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge

from harness import Engine, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness import EngineSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of the engine; max_rows and max_cache_mb bound memory and leave the samples as they are."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of weights and activations; auto: float32 on a CPU (faster there), the checkpoint's own on CUDA."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute; auto takes CUDA where there is one."""
    max_rows: Annotated[int, Ge(1)] = 2048
    """Samples drawn side by side; beyond this a CPU gains nothing on models of a million parameters."""
    max_cache_mb: Annotated[int, Ge(1)] = 1024
    """Keys and values held at once, in MiB; lowers the rows further for larger models."""


@contextmanager
def open_engine(checkpoint: Path, params: Params) -> Iterator[EngineSession]:
    """Open a checkpoint folder; see harness.offers.OpenEngine.

    Raises:
        MissingError: no such folder, or no CUDA device where one is asked for.
        UserError: the folder is not a causal language model with safetensors weights and a tokenizer.
    """
    from harness_plugins.local.compute.inference import load_model, load_tokenizer
    from harness_plugins.local.compute.session import Session

    model = load_model(checkpoint, params.dtype, params.device)
    yield Session(
        model,
        load_tokenizer(checkpoint),
        max_rows=params.max_rows,
        max_cache_bytes=params.max_cache_mb * 2**20,
        load=lambda folder: load_model(folder, params.dtype, params.device),
    )


def _load() -> Callable[[Path, Params], object]:
    return open_engine


@hookimpl
def harness_engines() -> Iterator[Engine]:
    """Offer the engine."""
    yield Engine(
        name="local",
        version="1",
        summary="torch in this process, CPU or CUDA, for any Hugging Face causal-LM folder",
        params=Params,
        load=_load,
        measures_drift=True,
        applies_chat_template=True,
        requires=("torch", "transformers", "tokenizers", "safetensors"),
    )
