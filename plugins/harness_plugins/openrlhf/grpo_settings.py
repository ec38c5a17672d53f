"""Settings of openrlhf-grpo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from harness import NOT_IN_KEY
from harness_plugins.openrlhf.flags import Flag, passed_on
from harness_plugins.openrlhf.settings import Optimization

_GROUPED = ("group_norm", "dr_grpo", "rloo", "reinforce_baseline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout(Optimization):
    """How completions are drawn and paid."""

    prompts_per_step: Annotated[int, Ge(1), Flag("--rollout.batch_size")] = 128
    """Prompts an RL step."""
    rollouts: Annotated[int, Ge(1), Flag("--rollout.n_samples_per_prompt")] = 8
    """Completions of a prompt: the size of a group."""
    rollout_micro_batch: Annotated[int, Ge(1), Flag("--rollout.micro_batch_size")] = 8
    """Completions a GPU scores at once."""
    max_tokens: Annotated[int, Ge(1), Flag("--rollout.max_new_tokens")] = 4096
    """Longest completion."""
    context_tokens: Annotated[int, Ge(2), Flag("--data.max_len")] = 6144
    """Prompt and completion together; prompts that leave no room for max_tokens are cut at their start."""
    temperature: Annotated[float, Gt(0), Flag("--rollout.temperature")] = 1.0
    """Sampling temperature."""
    top_p: Annotated[float, Gt(0), Le(1), Flag("--rollout.top_p")] = 1.0
    """Share of the probability that is sampled from."""
    dynamic_filtering: Literal["off", "resample"] = "off"
    """resample: groups whose mean reward is not inside filter_range are dropped and further prompts drawn (DAPO)."""
    filter_range: tuple[float, float] = (0.0, 1.0)
    """Bounds of a kept group's mean reward, which are outside."""
    generated_prompts: Annotated[Annotated[int, Ge(1)] | None, Flag("--rollout.vllm_generate_batch_size")] = None
    """Prompts sent to the engines at once; null: as many as a step has. More needs `asynchronous`."""
    paid_unended: bool = False
    """Pay completions that were cut at max_tokens like others; false: they are paid 0 whatever they say."""
    reward_limit_s: Annotated[float, Gt(0)] = 30.0
    """Time to grade one completion; one that takes longer is paid 0 and counted in `grader_timeouts`."""
    reward_workers: Annotated[int, Ge(1), Le(256)] = 4
    """Grading processes beside each vLLM engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective(Rollout):
    """The loss and how often completions are used."""

    estimator: Annotated[
        Literal["group_norm", "dr_grpo", "rloo", "reinforce_baseline", "reinforce", "flash_reinforce"],
        Flag("--algo.advantage.estimator"),
    ] = "group_norm"
    """How advantages come from rewards: group_norm is GRPO, dr_grpo leaves out the division by the deviation."""
    policy_loss: Annotated[Literal["ppo", "gspo"], Flag("--actor.policy_loss_type")] = "ppo"
    """Ratios a token (ppo) or a sequence (gspo)."""
    batch_size: Annotated[int, Ge(1), Flag("--train.batch_size")] = 1024
    """Completions an optimizer step; fewer than prompts_per_step x rollouts makes several steps of a rollout."""
    micro_batch: Annotated[int, Ge(1), Flag("--train.micro_batch_size")] = 4
    """Completions a GPU works on at once."""
    epochs: Annotated[int, Ge(1), Flag("--train.max_epochs")] = 1
    """Passes over a step's completions."""
    clip_low: Annotated[float, Gt(0), Lt(1)] = 0.2
    """How far the probability ratio may fall below 1 before the gradient is cut."""
    clip_high: Annotated[float, Gt(0)] = 0.2
    """How far it may rise above; DAPO's is 0.28."""
    loss_mean: Literal["token", "sequence"] = "token"
    """token: all tokens weigh the same; sequence: all completions do."""
    kl: Annotated[float, Ge(0), Flag("--algo.kl.init_coef")] = 0.0
    """Coefficient of the KL divergence from the start model; 0: off, and no reference model is kept."""
    kl_place: Literal["loss", "reward"] = "loss"
    """Whether it is a term of the loss, as in GRPO, or taken off the reward."""
    kl_estimator: Annotated[Literal["k1", "k2", "k3"], Flag("--algo.kl.estimator")] = "k3"
    """How it is estimated; k1 suits the reward, k2 and k3 the loss."""
    entropy: Annotated[Annotated[float, Ge(0)] | None, Flag("--actor.entropy_coef")] = None
    """Coefficient of an entropy bonus; 0: the entropy is only measured; null: not even that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster(Objective):
    """Who computes what where."""

    colocate: Literal["all", "actor-ref", "none"] = "all"
    """all: engines and models take turns on the same GPUs; actor-ref: only policy and reference share theirs."""
    engines: Annotated[int, Ge(1)] | None = None
    """vLLM engines; null: as many as fill the GPUs that training uses."""
    engine_tensor_parallel: Annotated[int, Ge(1), Flag("--vllm.tensor_parallel_size")] = 1
    """GPUs an engine."""
    gpu_memory_share: Annotated[float, Gt(0), Le(1), Flag("--vllm.gpu_memory_utilization")] = 0.6
    """Share of a GPU's memory an engine takes."""
    enforce_eager: Annotated[bool, Flag("--vllm.enforce_eager")] = False
    """Run engines without CUDA graphs."""
    prefix_caching: Annotated[bool, Flag("--vllm.enable_prefix_caching")] = True
    """Let the completions of a prompt share its computation."""
    sleep: bool = True
    """Under colocate all: engines and models hand memory to each other."""
    asynchronous: Annotated[bool, Flag("--train.async_enable")] = False
    """Draw completions while the model trains on earlier ones."""
    queue: Annotated[int, Ge(1), Flag("--train.async_queue_size")] = 1
    """Rollouts drawn ahead, where asynchronous."""
    partial_rollouts: Annotated[bool, Flag("--train.partial_rollout_enable")] = False
    """Where asynchronous: go on with a completion under new weights instead of waiting for its end."""
    ray_address: str | None = field(default=None, metadata=NOT_IN_KEY)
    """Address of a Ray cluster's job server, such as http://127.0.0.1:8265; null: a Ray of its own on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params(Cluster):
    """Settings of GRPO."""

    learning_rate: Annotated[float, Gt(0), Lt(100), Flag("--adam.lr", "--actor.adam.lr")] = 1e-6
    """Peak learning rate of AdamW."""
    episodes: Annotated[int, Ge(1), Flag("--train.num_episodes")] = 1
    """Passes over the prompts; a pass has as many RL steps as prompts_per_step goes into them, rounded up."""
    monitor_every: Annotated[int, Ge(0)] = 0
    """RL steps between measurements of accuracy on the monitor problems; 0: never."""
    monitor_samples: Annotated[int, Ge(1), Flag("--eval.n_samples_per_prompt")] = 4
    """Completions of each monitor problem at such a measurement, at rollouts' temperature."""

    @property
    def num_engines(self) -> int:
        """Engines, the default filled in."""
        return self.engines or self.gpus * self.nodes // self.engine_tensor_parallel

    def __post_init__(self) -> None:
        """Check what belongs together, as OpenRLHF would after its models are loaded.

        Raises:
            ValueError: settings that do not fit each other.
        """
        self.check_layout()
        _check_rollouts(self)
        _check_cluster(self)
        list(passed_on(self.flags, type(self), "train_ppo_ray", SET_TOGETHER))


SET_TOGETHER = {
    "--actor.eps_clip": "clip_low",
    "--actor.eps_clip_low_high": "clip_low",
    "--actor.loss_agg_mode": "loss_mean",
    "--algo.kl.use_loss": "kl_place",
    "--algo.dynamic_filtering_enable": "dynamic_filtering",
    "--algo.dynamic_filtering_range": "filter_range",
    "--train.colocate_all": "colocate",
    "--train.colocate_actor_ref": "colocate",
    "--vllm.num_engines": "engines",
    "--vllm.enable_sleep": "sleep",
    "--ds.enable_sleep": "sleep",
    "--actor.num_gpus_per_node": "gpus",
    "--actor.num_nodes": "nodes",
    "--ref.num_gpus_per_node": "gpus",
    "--ref.num_nodes": "nodes",
}
"""Flags that settings set, other than one by one."""


def _check_rollouts(params: Params) -> None:
    if params.estimator in _GROUPED and params.rollouts < 2:
        raise ValueError(f"rollouts 1 teaches nothing under estimator {params.estimator!r}; give it 2 or more")
    if params.dynamic_filtering == "resample" and params.rollouts < 2:
        raise ValueError("dynamic_filtering needs rollouts of 2 or more; change one of them")
    if params.filter_range[0] >= params.filter_range[1]:
        raise ValueError(f"filter_range {list(params.filter_range)} is empty; put the lower bound first")
    if params.max_tokens >= params.context_tokens:
        raise ValueError(
            f"max_tokens {params.max_tokens} leaves a prompt no room in context_tokens {params.context_tokens}; raise those"
        )
    drawn = params.prompts_per_step * params.rollouts
    if drawn % params.batch_size:
        raise ValueError(
            f"batch_size {params.batch_size} does not divide the {drawn} completions of a step "
            "(prompts_per_step x rollouts); change one of them"
        )
    once = params.micro_batch * params.replicas
    if params.batch_size % once:
        raise ValueError(
            f"batch_size {params.batch_size} is no multiple of {once} (micro_batch x copies of the model); change one"
        )
    if drawn // params.rollout_micro_batch < params.replicas:
        raise ValueError(
            f"{drawn} completions a step in parts of {params.rollout_micro_batch} (rollout_micro_batch) are too few for "
            f"{params.replicas} copies of the model; lower rollout_micro_batch"
        )
    if (params.generated_prompts or 0) > params.prompts_per_step and not params.asynchronous:
        raise ValueError(f"generated_prompts {params.generated_prompts} above prompts_per_step needs asynchronous; set it")


def _check_cluster(params: Params) -> None:
    wanted = params.num_engines * params.engine_tensor_parallel
    have = params.gpus * params.nodes
    if params.colocate == "all" and not params.asynchronous and wanted != have:
        raise ValueError(
            f"colocate 'all' needs engines x engine_tensor_parallel = {wanted} to be the {have} GPUs that training uses; "
            "change one of them"
        )
    if params.num_engines < 1:
        raise ValueError(f"engine_tensor_parallel {params.engine_tensor_parallel} is more than {have} GPUs; lower it")
    if params.asynchronous and params.sleep:
        raise ValueError("asynchronous does not go with sleep; set sleep to false")
    if params.partial_rollouts and not params.asynchronous:
        raise ValueError("partial_rollouts needs asynchronous; set it to true")
    if params.sleep and params.colocate != "all":
        raise ValueError(f"sleep needs colocate 'all', not {params.colocate!r}; set sleep to false")
