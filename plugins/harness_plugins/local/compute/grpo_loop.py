"""The loop of local-grpo."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from harness_plugins.local.compute.forward import Scorer
from harness_plugins.local.compute.grpo_loss import Row, Tally, accumulate, group_rows
from harness_plugins.local.compute.grpo_monitor import Monitor
from harness_plugins.local.compute.grpo_rollout import Group, Rollouts
from harness_plugins.local.compute.run import Run, load_start
from harness_plugins.local.compute.seeds import shuffled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness import TrainJob
    from harness_plugins.local.grpo_settings import Params


def run_grpo(job: TrainJob, params: Params) -> None:
    """See grpo.train."""
    loaded = load_start(job, params)
    rollouts = Rollouts(job, params, loaded)
    monitor = Monitor(job, params, loaded)
    reference = Scorer(copy.deepcopy(loaded.model).requires_grad_(False), params.dtype) if params.kl else None
    scorer = Scorer(loaded.model, params.dtype)
    with Run("local-grpo", job, params, loaded, num_steps=params.steps, warmup_steps=params.warmup_steps) as run:
        for step in run.steps():
            groups = rollouts.draw(step)
            record = _summary(groups) | _learn(run, scorer, reference, groups, step)
            if monitor.is_due(step):
                record["monitor_accuracy"] = monitor.measure()
            tokens = sum(len(group.prompt) + len(c.tokens) for group in groups for c in group.completions)
            run.finish_step(step, record, tokens=tokens, note=f"reward {record['reward']:.2f}")


def minibatches(groups: Sequence[Group], step: int, seed: int, params: Params) -> Iterator[list[int]]:
    """Yield the indices of the groups of each update: whole groups, shuffled anew for every epoch."""
    for epoch in range(params.epochs):
        order = shuffled(len(groups), seed, "minibatches", step, epoch)
        for part in np.array_split(order, min(params.minibatches, len(order)) or 1):
            if len(part):
                yield part.tolist()


def _learn(run: Run, scorer: Scorer, reference: Scorer | None, groups: Sequence[Group], step: int) -> dict[str, Any]:
    params: Any = run.params
    kept = [group for group in groups if group.is_informative or params.dynamic_filtering == "off"]
    rows: list[list[Row]] = [group_rows(group, params, reference) for group in kept]
    tally = Tally()
    losses, norms = [], []
    for part in minibatches(kept, step, run.job.seed, params):
        loss = accumulate(scorer, [row for index in part for row in rows[index]], params, tally)
        norms.append(run.update(step, loss))
        losses.append(loss)
    record = {
        "loss": _mean(losses),
        "grad_norm": _mean(norms),
        "num_updates": len(losses),
        "clip_fraction": tally.clipped / max(1, tally.tokens),
        "policy_kl": tally.policy_kl / max(1, tally.tokens),
    }
    return record | ({"kl": tally.reference_kl / max(1, tally.tokens)} if reference else {})


def _summary(groups: Sequence[Group]) -> dict[str, Any]:
    completions = [completion for group in groups for completion in group.completions]
    num_tokens = sum(len(completion.tokens) for completion in completions)
    return {
        "reward": _mean([float(group.rewards.mean()) for group in groups]),
        "reward_std": _mean([float(group.rewards.std()) for group in groups]),
        "entropy": sum(float(c.entropies.sum(dtype=float)) for c in completions) / num_tokens,
        "zero_variance_share": _mean([float(not group.is_informative) for group in groups]),
        "length_mean": num_tokens / len(completions),
        "truncated_share": _mean([float(not completion.stopped) for completion in completions]),
        "num_completions": len(completions),
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
