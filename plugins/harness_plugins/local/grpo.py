"""local-grpo: reinforcement learning with a verifiable reward (GRPO) of a causal language model on this machine.

Group relative policy optimization, Shao et al. 2024 (arXiv 2402.03300): several completions of a prompt are graded, and each
is pushed up or down by how much better it did than its group. Options from DAPO (arXiv 2503.14476: a higher upper clip,
token mean, dynamic filtering) and Dr. GRPO (arXiv 2503.20783: no division by the deviation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import Trainer, Workload, hookimpl
from harness_plugins.local.grpo_settings import Params

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness import TrainJob


def train(job: TrainJob, params: Params) -> None:
    """Train `job.start` on the prompts of `job.examples`, paid by `job.reward`; see TrainJob for what is written where.

    A line of metrics.jsonl a step: step, reward (mean over completions, truncated ones 0), reward_std (mean over groups),
    monitor_accuracy (where measured, after the step), entropy (nats a token, at temperature 1), clip_fraction, policy_kl
    (k3 of the old policy against the new, over the updates), kl (the same of the start model, where `kl` is on),
    zero_variance_share, length_mean, truncated_share, loss, grad_norm (both means over the updates), num_updates, lr,
    num_completions, tokens (sampled, with prompts) and seconds (both since the start, over all attempts), tokens_per_s.

    Raises:
        DataError: there are no prompts, or one has no answer.
        UserError: no reward is given, or settings do not fit the model.
        FloatingPointError: the loss or the gradient is not finite; the message names the step and the last saved one.
    """
    from harness_plugins.local.compute.grpo_loop import run_grpo

    run_grpo(job, params)


def _workload(params: Params) -> Workload:
    return Workload(
        max_tokens=params.max_tokens,
        prompts_per_step=params.prompts_per_step,
        rollouts=params.rollouts,
        steps=params.steps,
        passes=params.epochs,
        scorings=1 + (params.kl > 0),
        weight_bytes=4,
    )


@hookimpl
def harness_trainers() -> Iterator[Trainer]:
    """Offer the trainer."""
    yield Trainer(
        name="local-grpo",
        version="1",
        summary="GRPO on this machine with a verifiable reward",
        method="rl",
        params=Params,
        load=lambda: train,
        workload=_workload,
        requires=("torch", "transformers", "safetensors"),
    )
