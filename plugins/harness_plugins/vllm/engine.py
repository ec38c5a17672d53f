"""vllm: samples and scores with vLLM, offline, on GPUs.

Starts one process for each group of `tensor_parallel` GPUs under the Python that has vLLM, and deals the prompts out among
them; all samples of a prompt are one request. Tokens are made here, as the local engine makes them. The log-probability is
of the model itself: temperature 1, before top_p. Held-out traces are scored by vLLM's prompt_logprobs with prefix caching
off, since with it they have depended on the order of requests (vLLM issue 42019).
A sample's random numbers depend on (seed, problem id, sample index) alone, but the logits may differ in their last bits
with the batch, and a sample with them; `batch_invariant` asks vLLM for kernels that do not, where it has them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from harness import NOT_IN_KEY, Engine, hookimpl
from harness_plugins.vllm.program import VLLM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness import EngineSession
    from harness_plugins.vllm.child import Child
    from harness_plugins.vllm.session import Session

OWN = {
    *(
        "model",
        "tokenizer",
        "skip_tokenizer_init",
        "max_logprobs",
        "logprobs_mode",
        "data_parallel_size",
        "trust_remote_code",
    ),
    *("dtype", "tensor_parallel_size", "gpu_memory_utilization", "max_model_len", "enforce_eager", "max_num_seqs"),
    *("enable_prefix_caching",),
}
"""Engine arguments that are set here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of the engine."""

    python: str | None = field(default=None, metadata=NOT_IN_KEY)
    """Python with vLLM, an executable or a virtual environment's folder; null: HARNESS_VLLM_PYTHON, or the harness's own."""
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    """Precision of weights and activations; auto: what vLLM takes for the checkpoint, a half precision for float32 ones."""
    tensor_parallel: Annotated[int, Ge(1), Le(64)] = 1
    """GPUs that share one copy of the model."""
    data_parallel: Annotated[int, Ge(1), Le(256)] | Literal["auto"] = field(default="auto", metadata=NOT_IN_KEY)
    """Copies of the model, a process each; auto: as many as the visible GPUs hold."""
    gpu_memory_utilization: Annotated[float, Gt(0), Le(1)] = field(default=0.9, metadata=NOT_IN_KEY)
    """Share of a GPU's memory for weights and cache; on a CPU, of the machine's."""
    max_model_len: Annotated[int, Ge(2)] | None = None
    """Tokens of prompt and completion together at most; null: the model's own context. Completions are cut there."""
    max_num_seqs: Annotated[int, Ge(1)] | None = field(default=None, metadata=NOT_IN_KEY)
    """Samples under way at once; null: vLLM's default."""
    enforce_eager: bool = False
    """Run without CUDA graphs: starts sooner, samples slower."""
    enable_prefix_caching: bool = True
    """Compute a prompt once for all its samples; scoring never does."""
    entropy: Literal["none", "full"] = "none"
    """full: ask for the log-probabilities of the whole vocabulary at each token, which gives exact entropies and is slow
    beyond a vocabulary of some thousand; none: entropies are not a number, and what reads them is undefined."""
    batch_invariant: bool = False
    """Set VLLM_BATCH_INVARIANT, for samples that do not depend on the batch; not on every GPU or model."""
    keep_s: Annotated[float, Ge(0), Le(3600)] = field(default=0.0, metadata=NOT_IN_KEY)
    """Seconds to keep the model loaded after a step, for the next one of the same checkpoint in the same worker. The GPUs'
    memory is held so long, so leave it at 0 where training may follow."""
    flags: Mapping[str, Any] = field(default_factory=dict)
    """Any further engine argument by its Python name, as in {"quantization": "fp8"}."""

    def __post_init__(self) -> None:
        """Refuse flags that a setting has."""
        for name in self.flags:
            if name in OWN:
                raise ValueError(f"flags: {name!r} is set by a setting or by the harness; remove it")


@contextmanager
def open_engine(checkpoint: Path, params: Params) -> Iterator[EngineSession]:
    """Open a checkpoint folder; see harness.offers.OpenEngine. Processes start when the first work is asked for.

    Raises:
        MissingError: no such folder, no vLLM in a supported version, or fewer GPUs than asked for.
        UserError: the folder has no usable tokenizer.
    """
    from harness_plugins.vllm.keep import KEEPER

    python = VLLM.find(params.python).python
    mark = (checkpoint, repr(params), os.environ.get("CUDA_VISIBLE_DEVICES"), _state(checkpoint))
    session = KEEPER.take(mark) or _session(python, checkpoint, params)
    try:
        yield session
    except BaseException:
        session.close()
        raise
    if params.keep_s:
        KEEPER.keep(mark, session, params.keep_s)
    else:
        session.close()


def _session(python: Path, checkpoint: Path, params: Params) -> Session:
    from harness import Codec
    from harness_plugins.vllm.session import Session

    return Session(
        Codec(checkpoint),
        lambda purpose: _start(python, checkpoint, params, caches=params.enable_prefix_caching and purpose == "sample"),
        has_entropy=params.entropy == "full",
    )


def _state(checkpoint: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a folder's files do."""
    found = [(file.name, file.stat()) for file in sorted(checkpoint.glob("*")) if file.is_file()]
    return tuple((name, status.st_size, status.st_mtime_ns) for name, status in found)


def _start(python: Path, checkpoint: Path, params: Params, *, caches: bool) -> list[Child]:
    """Start a process for each copy of the model."""
    from harness_plugins.vllm.child import Child
    from harness_plugins.vllm.devices import device_groups

    groups = device_groups(params.tensor_parallel, params.data_parallel)
    own = {"VLLM_BATCH_INVARIANT": "1"} if params.batch_invariant else {}
    return [Child(python, devices, arguments(checkpoint, params, caches=caches), own) for devices in groups]


def arguments(checkpoint: Path, params: Params, *, caches: bool) -> dict[str, Any]:
    """Return vLLM's EngineArgs by name.

    Args:
        checkpoint: the folder.
        params: of the engine.
        caches: whether prefixes are cached.
    """
    stated = {"max_model_len": params.max_model_len, "max_num_seqs": params.max_num_seqs}
    return {
        **params.flags,
        "model": str(checkpoint),
        "dtype": params.dtype,
        "tensor_parallel_size": params.tensor_parallel,
        "gpu_memory_utilization": params.gpu_memory_utilization,
        "enforce_eager": params.enforce_eager,
        "enable_prefix_caching": caches,
        "logprobs_mode": "raw_logprobs",
        **{name: value for name, value in stated.items() if value is not None},
        **({"max_logprobs": -1} if params.entropy == "full" else {}),
    }


def _load() -> Callable[[Path, Params], object]:
    return open_engine


@hookimpl
def harness_engines() -> Iterator[Engine]:
    """Offer the engine."""
    yield Engine(
        name="vllm",
        version="1",
        summary="vLLM on GPUs, a process for each copy of the model",
        params=Params,
        load=_load,
        applies_chat_template=True,
        requires=("transformers", "tokenizers"),
        externals=(VLLM,),
    )
