"""Settings of the slurm executor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a job asks for."""

    hours: Annotated[float, Gt(0)] = 24
    """Time limit of a job. A step that takes longer is queued again and goes on where it stopped."""
    cpus: Annotated[int, Ge(1)] = 1
    """CPUs of a job."""
    memory_gb: Annotated[float, Gt(0)] | None = None
    """Memory of a job; null: the partition's default."""
    gpus_per_sft: Annotated[int, Ge(0)] = 0
    """GPUs of an SFT step's job."""
    gpus_per_rl: Annotated[int, Ge(0)] = 0
    """GPUs of an RL step's job."""
    gpus_per_engine: Annotated[int, Ge(0)] = 0
    """GPUs of the job of a step that samples, scores or measures drift."""
    gpu_type: str | None = None
    """Asked for with the GPUs, such as `h100`; null: any."""
    gpus_as: Literal["gpus-per-node", "gres"] = "gpus-per-node"
    """The flag by which the cluster takes GPUs: `--gpus-per-node=8` or `--gres=gpu:8`."""

    def gpus(self, kind: str, method: str | None) -> int:
        """Return the GPUs of a step.

        Args:
            kind: the step's.
            method: of a training step: `sft` or `rl`.
        """
        if kind == "train":
            return self.gpus_per_rl if method == "rl" else self.gpus_per_sft
        return self.gpus_per_engine if kind in ("sample", "score", "drift") else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Params(Resources):
    """How jobs are submitted, and what each kind of step asks for; one node a job."""

    cluster: Literal["slurm", "local"] = "slurm"
    """`local`: the same jobs as processes of this machine, to try a recipe without a queue."""
    partition: str | None = None
    """Partition; null: the cluster's default."""
    account: str | None = None
    """Account that is charged."""
    sbatch: Mapping[str, Any] = field(default_factory=dict)
    """Further flags of sbatch, such as {"qos": "low", "constraint": "ib"}; they override ours."""
    setup: tuple[str, ...] = ()
    """Lines of shell that each job runs first, such as `module load cuda`."""
    workers: Annotated[int, Ge(1), Le(10_000)] = 64
    """Jobs in the queue or at work at once."""
    array_parallelism: Annotated[int, Ge(1)] = 256
    """Jobs of one array that run at once; steps that are ready together are submitted as one array."""
    threads: Annotated[int, Ge(1), Le(256)] = 1
    """Compute threads of a job; 1 is fastest for models under a few million parameters."""
    max_timeouts: Annotated[int, Ge(0)] = 100
    """How often a job that reaches its time limit is queued again."""
    poll_s: Annotated[float, Gt(0)] = 5.0
    """Seconds between looks at the jobs' result files; sacct is asked far less often (see status_s)."""
    status_s: Annotated[float, Gt(0)] = 60.0
    """Seconds between calls of sacct, which tell of jobs that died: one call for all jobs."""
