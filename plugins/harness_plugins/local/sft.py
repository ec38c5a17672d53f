"""local-sft: supervised fine-tuning of a Hugging Face causal language model on this machine, CPU or CUDA.

The loss is the mean negative log-likelihood of the response's tokens, its end-of-sequence token included; the prompt is seen
but not learned. Plain PyTorch: for models that fit one device whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from harness import Trainer, hookimpl
from harness_plugins.local.settings import Optimization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness import TrainJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Params(Optimization):
    """Settings of supervised fine-tuning; how often it goes over the data is the curation's to say (`epochs`)."""

    learning_rate: Annotated[float, Gt(0), Lt(100)] = 1e-3
    """Peak learning rate. 1e-3 suits the miniature; models of a billion parameters want about 1e-5."""
    batch_size: Annotated[int, Ge(1)] = 32
    """Examples an optimizer step; an epoch's last batch may be smaller."""
    betas: tuple[Annotated[float, Ge(0), Lt(1)], Annotated[float, Ge(0), Lt(1)]] = (0.9, 0.98)
    """Decay rates of the moments, for optimizers that take `betas`."""
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    """How the learning rate falls after warm-up."""
    warmup_share: Annotated[float, Ge(0), Le(1)] = 0.05
    """Share of all steps over which the learning rate rises from near 0 to its peak."""
    packing: Literal["bucket", "pack"] = "bucket"
    """How examples make batches. `bucket`: examples of like length share a batch (of each 8 shuffled batches), so that
    attention wastes little. `pack`: batches are drawn at random. Either way a batch's examples are laid end to end, each
    seeing itself only, with positions of its own (models outside the Llama family: padded instead), and the loss of a given
    batch is the same."""
    max_tokens: Annotated[int, Ge(2)] = 4096
    """Longest example, prompt, response and end-of-sequence token together; the model's own context also limits it."""
    too_long: Literal["drop", "cut", "refuse"] = "drop"
    """What becomes of longer examples: left out, cut at the end (and then without an end-of-sequence token), or an error.
    Every line of metrics.jsonl says how many there were (`num_too_long`)."""


def train(job: TrainJob, params: Params) -> None:
    """Fine-tune `job.start` on `job.examples`; see TrainJob for what is written where.

    A line of metrics.jsonl a step: step, epoch, loss (nats a response token, before the step), lr, grad_norm (before
    clipping), tokens and seconds (both since the start, over all attempts), tokens_per_s, num_too_long.

    Raises:
        DataError: there is nothing to train on, or an example cannot be used.
        UserError: settings that do not fit the model.
        FloatingPointError: the loss or the gradient is not finite; the message names the step and the last saved one.
    """
    from harness_plugins.local.compute.sft_loop import run_sft

    run_sft(job, params)


@hookimpl
def harness_trainers() -> Iterator[Trainer]:
    """Offer the trainer."""
    yield Trainer(
        name="local-sft",
        version="1",
        summary="supervised fine-tuning on this machine, response-only loss",
        method="sft",
        params=Params,
        load=lambda: train,
        requires=("torch", "transformers", "safetensors"),
    )
