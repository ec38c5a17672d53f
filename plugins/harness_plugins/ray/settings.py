"""Settings of the ray executor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Which cluster, and what each kind of step asks of it."""

    address: str | None = None
    """A running cluster: `auto` (the one on this machine, or RAY_ADDRESS), `host:6379`, or `ray://host:10001`. null: a
    cluster on this machine, started for the study and ended with it."""
    workers: Annotated[int, Ge(1), Le(10_000)] | Literal["auto"] = "auto"
    """Steps handed to Ray at once; `auto`: as many as the cluster has CPUs for at the start. Set it where a cluster grows on
    demand."""
    threads: Annotated[int, Ge(1), Le(256)] = 1
    """Compute threads of a step; 1 is fastest for models under a few million parameters."""
    cpus: Annotated[float, Gt(0)] = 1
    """CPUs that a step asks of Ray."""
    gpus_per_sft: Annotated[float, Ge(0)] = 0
    """GPUs that an SFT step asks of Ray; it sees no others. Above 1 only whole numbers."""
    gpus_per_rl: Annotated[float, Ge(0)] = 0
    """GPUs of an RL step. 0 where the trainer asks the cluster itself, as openrlhf-grpo does with `ray_address`."""
    gpus_per_engine: Annotated[float, Ge(0)] = 0
    """GPUs of a step that samples, scores or measures drift."""

    def gpus(self, kind: str, method: str | None) -> float:
        """Return the GPUs of a step.

        Args:
            kind: the step's.
            method: of a training step: `sft` or `rl`.
        """
        if kind == "train":
            return self.gpus_per_rl if method == "rl" else self.gpus_per_sft
        return self.gpus_per_engine if kind in ("sample", "score", "drift") else 0
