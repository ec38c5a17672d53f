"""local-sft: supervised fine-tuning of a Hugging Face causal language model on this machine, CPU or CUDA.

The loss is the mean negative log-likelihood of the response's tokens, its end-of-sequence token included; the prompt is seen
but not learned. Plain PyTorch: for models that fit one device whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import Trainer, Workload, hookimpl
from harness_plugins.local.sft_settings import Params

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness import TrainJob


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
        workload=lambda params: Workload(max_tokens=params.max_tokens, weight_bytes=4),
        requires=("torch", "transformers", "safetensors"),
    )
