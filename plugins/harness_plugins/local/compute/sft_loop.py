"""The loop of local-sft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness_plugins.local.compute.forward import Scorer
from harness_plugins.local.compute.layout import cut
from harness_plugins.local.compute.run import Run, load_start
from harness_plugins.local.compute.sft_data import encode, epoch_batches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness import TrainJob
    from harness_plugins.local.compute.layout import Text
    from harness_plugins.local.sft_settings import Params


def run_sft(job: TrainJob, params: Params) -> None:
    """See sft.train."""
    loaded = load_start(job, params)
    data = encode(job.examples, loaded, params)
    per_epoch = -(-len(data.texts) // params.batch_size)
    num_steps = per_epoch * job.epochs
    warmup_steps = round(params.warmup_share * num_steps)
    scorer = Scorer(loaded.model, params.dtype)
    epoch, batches = 0, list[list["Text"]]()
    with Run("local-sft", job, params, loaded, num_steps=num_steps, warmup_steps=warmup_steps) as run:
        for step in run.steps():
            if epoch != (epoch := (step - 1) // per_epoch + 1):
                batches = epoch_batches(data.texts, epoch, job.seed, params)
            batch = batches[(step - 1) % per_epoch]
            loss = accumulate(scorer, batch, params.micro_batch_tokens)
            norm = run.update(step, loss)
            record = {"epoch": epoch, "loss": loss, "grad_norm": norm, "num_too_long": data.num_too_long}
            tokens = sum(len(text.prompt) + len(text.response) for text in batch)
            run.finish_step(step, record, tokens=tokens, note=f"loss {loss:.3f}")


def accumulate(scorer: Scorer, batch: Sequence[Text], max_tokens: int) -> float:
    """Add the gradient of the batch's mean loss to the parameters' gradients; return that loss, nats a response token."""
    total = sum(len(text.response) for text in batch)
    loss = 0.0
    for part in cut(batch, max_tokens):
        part_loss = -scorer.logprobs([batch[i] for i in part]).sum() / total
        part_loss.backward()  # type: ignore[no-untyped-call]
        loss += part_loss.item()
    return loss
