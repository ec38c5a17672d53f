"""openrlhf-sft: supervised fine-tuning by OpenRLHF, on one node of GPUs or several, under DeepSpeed.

The loss is of the response's tokens, its end-of-sequence token included. OpenRLHF is a program apart
(https://github.com/OpenRLHF/OpenRLHF, Apache-2.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import DataError, Trainer, Workload, hookimpl
from harness_plugins.openrlhf.command import sft_commands
from harness_plugins.openrlhf.program import OPENRLHF
from harness_plugins.openrlhf.sft_settings import Params

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness import TrainJob


def train(job: TrainJob, params: Params) -> None:
    """Fine-tune `job.start` on `job.examples`; see TrainJob for what is written where.

    A line of metrics.jsonl a step: step, loss (nats a response token), last_micro_batch_loss, lr, grad_norm, seconds (since
    the start, over all attempts). TensorBoard writes every two minutes: lines come that late, and a kill may cost some.

    Raises:
        DataError: there are fewer examples than an optimizer step takes, or one cannot be used.
        MissingError: OpenRLHF is not there.
        ProgramFailedError: it failed; the message has the end of its log and the command.
    """
    from harness_plugins.openrlhf.metrics import SFT_NAMES
    from harness_plugins.openrlhf.paths import Paths
    from harness_plugins.openrlhf.rows import sft_rows, write_rows
    from harness_plugins.openrlhf.text import read_marks
    from harness_plugins.openrlhf.train import Training

    paths = Paths(job.work)
    is_lora = params.lora_rank > 0
    training = Training(job, params.python, states=paths.states, is_lora=is_lora, names=SFT_NAMES)
    num_rows = write_rows(paths.data, sft_rows(job, read_marks(job.start), params.template))
    total = num_rows * job.epochs // params.batch_size
    if not total:
        raise DataError(
            f"sft: {num_rows} examples x {job.epochs} epochs do not fill one batch of {params.batch_size}; lower batch_size"
        )
    training.run(sft_commands(job, params), total=total, note="loss", look=lambda: None)


def _workload(params: Params) -> Workload:
    return Workload(max_tokens=params.max_tokens, gpus=params.gpus * params.nodes, resume_states=params.kept_states)


@hookimpl
def harness_trainers() -> Iterator[Trainer]:
    """Offer the trainer."""
    yield Trainer(
        name="openrlhf-sft",
        version="1",
        summary="supervised fine-tuning by OpenRLHF on GPUs, under DeepSpeed",
        method="sft",
        params=Params,
        load=lambda: train,
        command=sft_commands,
        workload=_workload,
        requires=("tokenizers",),
        externals=(OPENRLHF,),
    )
