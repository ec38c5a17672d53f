"""Settings that both trainers have: where they compute and how they take steps.

A trainer's Params extend `Optimization`, so that in a recipe all settings stand side by side: `{"use": "local-sft",
"learning_rate": 1e-3, "device": "cpu"}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where a trainer computes, in what precision, and how often it saves what a resume needs."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto`: the first CUDA device where there is one, else the CPU."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Precision of forward and backward; weights, optimizer and saved checkpoints are float32 either way. float32 is
    fastest for tiny models on a CPU; bfloat16 (autocast) is for large ones on a GPU."""
    micro_batch_tokens: Annotated[int, Ge(1)] = 8192
    """Tokens, padding included, whose activations are held at once; a batch is cut into such parts and gradients add
    up. Bounds memory, changes results by rounding only. 8192 is as fast as any for the miniature."""
    save_every_steps: Annotated[int, Ge(0)] = 0
    """Save what a resume needs after every so many steps; 0: go by save_every_s alone."""
    save_every_s: Annotated[float, Gt(0)] = 10.0
    """Save what a resume needs when so many seconds have passed, and never so often that saving takes more than a
    fiftieth of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimization(Machine):
    """How a trainer takes optimizer steps."""

    learning_rate: Annotated[float, Gt(0), Lt(100)]
    """Peak learning rate, after warm-up and before decay."""
    optimizer: str = "AdamW"
    """Name of a class in torch.optim that needs neither closures nor sparse gradients."""
    betas: tuple[Annotated[float, Ge(0), Lt(1)], Annotated[float, Ge(0), Lt(1)]] = (0.9, 0.95)
    """Decay rates of the moments, for optimizers that take `betas`."""
    eps: Annotated[float, Gt(0)] = 1e-8
    """Added to the denominator, for optimizers that take `eps`."""
    weight_decay: Annotated[float, Ge(0)] = 0.0
    """Weight decay, for optimizers that take it; none by default: short runs on little data gain nothing from it."""
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)
    """Further keyword arguments of the optimizer's class, such as {"momentum": 0.9}."""
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    """How the learning rate falls after warm-up."""
    final_share: Annotated[float, Ge(0), Le(1)] = 0.1
    """Where a linear or cosine schedule ends, as a share of the peak."""
    grad_clip: Annotated[float, Gt(0)] | None = 1.0
    """Largest L2 norm of the gradient, longer ones are scaled down to it; null: no limit."""
