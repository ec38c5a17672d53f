"""openrlhf-grpo: reinforcement learning with a verifiable reward by OpenRLHF, with vLLM and DeepSpeed on a Ray.

Group relative policy optimization (Shao et al. 2024, arXiv 2402.03300) and its kin. The recipe's grader pays: OpenRLHF is
given a reward file that has each completion graded in a process of the harness's own Python. OpenRLHF is a program apart
(https://github.com/OpenRLHF/OpenRLHF, Apache-2.0).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness import Trainer, UserError, Workload, hookimpl
from harness_plugins.openrlhf.command import grpo_commands, stop_command
from harness_plugins.openrlhf.grpo_settings import Params
from harness_plugins.openrlhf.paths import Paths
from harness_plugins.openrlhf.program import OPENRLHF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness import TrainJob


def train(job: TrainJob, params: Params) -> None:
    """Train `job.start` on the prompts of `job.examples`, paid by `job.reward`; see TrainJob for what is written where.

    A line of metrics.jsonl a step: step, reward, reward_std (over all completions), length_mean, truncated_share,
    num_completions, loss, lr, grad_norm, monitor_accuracy (where measured, after the step), grader_timeouts (share of
    completions), seconds (since the start, over all attempts), and whatever else OpenRLHF logs under its own names.
    TensorBoard writes every two minutes: lines come that late, and a kill may cost some.

    Raises:
        DataError: there are no prompts, or one has no answer.
        MissingError: OpenRLHF is not there.
        RewardFailedError: a completion could not be graded; the message is the grader's.
        ProgramFailedError: OpenRLHF failed; the message has the end of its log and the command.
    """
    from harness_plugins.openrlhf.metrics import RL_NAMES
    from harness_plugins.openrlhf.train import Training

    paths = Paths(job.work)
    is_lora = params.lora_rank > 0
    training = Training(job, params.python, states=paths.states / "_actor", is_lora=is_lora, names=RL_NAMES)
    num_prompts = _write_inputs(job, params)
    total = -(-num_prompts // params.prompts_per_step) * params.episodes
    attempt = _next_attempt(job, params)
    commands = grpo_commands(job, params, attempt=attempt)
    is_done = False
    try:
        training.run(commands, total=total, note="reward", look=lambda: _check_reward(paths))
        is_done = True
    finally:
        if params.ray_address and not is_done:
            _stop(job, params, attempt)


class RewardFailedError(RuntimeError):
    """A completion could not be graded."""


def _write_inputs(job: TrainJob, params: Params) -> int:
    """Write prompts, monitor problems and the reward file; return the number of prompts."""
    from harness_plugins.openrlhf.reward import write_reward
    from harness_plugins.openrlhf.rows import monitor_rows, rl_rows, write_rows
    from harness_plugins.openrlhf.text import read_marks

    paths = Paths(job.work)
    marks = read_marks(job.start)
    write_reward(job, params, marks)
    if params.monitor_every:
        if not job.monitor:
            raise UserError("rl: monitor_every needs problems; give the recipe data.heldout with answers, or set it to 0")
        write_rows(paths.monitor, monitor_rows(job.monitor, marks, params.template))
    return write_rows(paths.data, rl_rows(job, marks, params.template))


def _check_reward(paths: Paths) -> None:
    from harness_plugins.openrlhf.reward import read_fault

    fault = read_fault(paths)
    if fault is not None:
        raise RewardFailedError(f"the reward could not be computed: {fault}")


def _next_attempt(job: TrainJob, params: Params) -> int:
    """Return the attempt's number; what an earlier one may have left running on a cluster is stopped."""
    file = job.work / "attempts.json"
    before = json.loads(file.read_text(encoding="utf-8"))["attempts"] if file.is_file() else 0
    if params.ray_address and before:
        _stop(job, params, before)
    file.write_text(json.dumps({"attempts": before + 1}), encoding="utf-8")
    return int(before) + 1


def _stop(job: TrainJob, params: Params, attempt: int) -> None:
    """Stop an attempt's job on the cluster; that it is not there, or over, is fine, and the log has what was said."""
    import contextlib

    from harness_plugins.openrlhf import launch

    with contextlib.suppress(launch.ProgramFailedError):
        launch.run(stop_command(job, params, attempt=attempt), Paths(job.work).log)


def _workload(params: Params) -> Workload:
    apart = 0 if params.colocate == "all" else params.num_engines * params.engine_tensor_parallel
    return Workload(
        max_tokens=params.max_tokens,
        gpus=params.gpus * params.nodes + apart,
        prompts_per_step=params.prompts_per_step,
        rollouts=params.rollouts,
        episodes=params.episodes,
        passes=params.epochs,
        scorings=1 + (params.kl > 0),
        resume_states=params.kept_states,
    )


@hookimpl
def harness_trainers() -> Iterator[Trainer]:
    """Offer the trainer."""
    yield Trainer(
        name="openrlhf-grpo",
        version="1",
        summary="GRPO by OpenRLHF on GPUs, with vLLM and DeepSpeed on a Ray",
        method="rl",
        params=Params,
        load=lambda: train,
        command=grpo_commands,
        workload=_workload,
        requires=("tokenizers",),
        externals=(OPENRLHF,),
    )
