"""Command lines: from a job and settings to what is started. Pure: no file is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness import TrainJob
from harness_plugins.openrlhf import grpo_settings, sft_settings
from harness_plugins.openrlhf.flags import Module, argument, arguments, passed_on
from harness_plugins.openrlhf.paths import RUN, Paths, save_interval
from harness_plugins.openrlhf.program import OPENRLHF

Command = tuple[str, ...]

_WHOLE = 10**9
"""More rows than any data set has; OpenRLHF would else stop at a million."""
_PLAIN = "{}"
"""The template that changes nothing; with none, SFT would use "User: {}" and "Assistant: " on two lines."""
_FIRST_PORT, _NUM_PORTS = 20000, 10000
"""Ports of DeepSpeed's meeting points, below those that systems lend to clients."""


def sft_commands(job: TrainJob, params: sft_settings.Params) -> tuple[Command, ...]:
    """Return the command lines of an SFT run: training under DeepSpeed's launcher, and LoRA's merge where there is one."""
    paths = Paths(job.work)
    launcher = [_python(params), "-m", "deepspeed.launcher.runner"]
    if params.hostfile is not None:
        launcher += ["--hostfile", params.hostfile, "--num_nodes", str(params.nodes)]
    launcher += ["--num_gpus", str(params.gpus), "--master_port", str(_FIRST_PORT + paths.tag % _NUM_PORTS)]
    own = {
        "--model.model_name_or_path": str(paths.start),
        "--data.dataset": str(paths.data),
        "--data.input_key": "input",
        "--data.output_key": "output",
        "--data.input_template": _PLAIN,
        "--data.apply_chat_template": params.template == "chat",
        "--data.max_samples": _WHOLE,
        "--train.seed": job.seed,
        "--train.max_epochs": job.epochs,
    } | _kept(job, params, paths)
    train = (*launcher, "--module", "openrlhf.cli.train_sft", *_flags(own), *_settings(params, "train_sft"))
    return (train, *_merges(job, params, paths))


def grpo_commands(job: TrainJob, params: grpo_settings.Params, *, attempt: int = 1) -> tuple[Command, ...]:
    """Return the command lines of a GRPO run: training on a Ray, and LoRA's merges where there are any."""
    paths = Paths(job.work)
    own = {
        "--actor.model_name_or_path": str(paths.start),
        "--reward.remote_url": str(paths.reward),
        "--data.prompt_dataset": str(paths.data),
        "--data.input_key": "input",
        "--data.label_key": "label",
        "--data.input_template": _PLAIN,
        "--data.apply_chat_template": params.template == "chat",
        "--data.max_samples": _WHOLE,
        "--train.seed": job.seed,
    } | _kept(job, params, paths)
    own |= {"--ckpt.best_metric_key": "none"}
    if params.monitor_every:
        own |= {"--eval.dataset": str(paths.monitor), "--eval.steps": params.monitor_every}
        own |= {"--eval.temperature": params.temperature}
    train = (_python(params), "-m", "openrlhf.cli.train_ppo_ray", *_flags(own | _together(params)))
    train = (*train, *_settings(params, "train_ppo_ray"))
    if params.ray_address:
        train = (*_ray(params, "submit"), "--submission-id", submission(paths, attempt), "--", *train)
    return (train, *_merges(job, params, paths))


def stop_command(job: TrainJob, params: grpo_settings.Params, *, attempt: int) -> Command:
    """Return the command that stops an attempt's job on a Ray cluster."""
    return (*_ray(params, "stop"), submission(Paths(job.work), attempt))


def submission(paths: Paths, attempt: int) -> str:
    """Return the name of an attempt's job on a Ray cluster, which takes each name once."""
    return f"harness-{paths.tag:08x}-{attempt}"


def _together(params: grpo_settings.Params) -> dict[str, Any]:
    """Return the flags that several settings make."""
    filters = params.dynamic_filtering == "resample"
    return {
        "--actor.eps_clip_low_high": (params.clip_low, params.clip_high),
        "--actor.loss_agg_mode": {"token": "token-mean", "sequence": "seq-mean-token-mean"}[params.loss_mean],
        "--algo.kl.use_loss": params.kl > 0 and params.kl_place == "loss",
        "--algo.dynamic_filtering_enable": filters,
        "--algo.dynamic_filtering_range": params.filter_range if filters else None,
        "--train.colocate_all": params.colocate == "all",
        "--train.colocate_actor_ref": params.colocate == "actor-ref",
        "--vllm.num_engines": params.num_engines,
        "--vllm.enable_sleep": params.sleep,
        "--ds.enable_sleep": params.sleep,
        "--actor.num_gpus_per_node": params.gpus,
        "--actor.num_nodes": params.nodes,
        "--ref.num_gpus_per_node": params.gpus,
        "--ref.num_nodes": params.nodes,
    }


def _kept(job: TrainJob, params: sft_settings.Params | grpo_settings.Params, paths: Paths) -> dict[str, Any]:
    """Return the flags that say what is written where; `load_enable` is harmless where nothing was saved yet."""
    interval = save_interval(job, params.save_every_steps)
    return {
        "--ckpt.output_dir": str(paths.adapter if params.lora_rank else paths.final),
        "--ckpt.path": str(paths.states),
        "--ckpt.save_steps": interval,
        "--ckpt.save_hf": bool(job.save_at),
        "--ckpt.load_enable": True,
        "--logger.logging_steps": 1,
        "--logger.tensorboard_dir": str(paths.events),
        "--logger.wandb.run_name": RUN,
    }


def _merges(job: TrainJob, params: sft_settings.Params | grpo_settings.Params, paths: Paths) -> Iterator[Command]:
    """Yield the commands that make whole checkpoints of LoRA's."""
    if not params.lora_rank:
        return
    pairs = [(paths.adapter, paths.final)]
    pairs += [(paths.adapters / f"step-{n}", paths.merged(n)) for n in job.save_at]
    for adapter, whole in pairs:
        command = (_python(params), "-m", "openrlhf.cli.lora_combiner", "--model_path", str(paths.start))
        yield (*command, "--lora_path", str(adapter), "--output_path", str(whole), "--ds.param_dtype", params.dtype)


def _settings(params: Any, module: Module) -> Iterator[str]:
    yield from arguments(params, module)
    yield from passed_on(params.flags, type(params), module, {})


def _flags(values: dict[str, Any]) -> Iterator[str]:
    for flag, value in values.items():
        yield from argument(flag, value)


def _ray(params: grpo_settings.Params, verb: str) -> Command:
    return (_python(params), "-m", "ray.scripts.scripts", "job", verb, "--address", str(params.ray_address))


def _python(params: Any) -> str:
    return str(OPENRLHF.python(params.python)[0])
