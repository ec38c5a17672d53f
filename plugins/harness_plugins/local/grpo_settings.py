"""Settings of local-grpo; apart from the trainer, because both it and its loop read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt

from harness_plugins.local.settings import Optimization


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout(Optimization):
    """How a step's completions are drawn."""

    prompts_per_step: Annotated[int, Ge(1)] = 32
    """Prompts a step. Prompts are gone through in shuffled rounds, so that all are seen equally often."""
    rollouts: Annotated[int, Ge(2)] = 16
    """Completions of a prompt: the size of a group."""
    max_tokens: Annotated[int, Ge(1)] = 110
    """Longest completion; one that is cut there, unended, is paid 0 whatever it says."""
    temperature: Annotated[float, Gt(0)] = 1.0
    """Sampling temperature. Probability ratios and KL are of the distributions at temperature 1."""
    dynamic_filtering: Literal["off", "drop", "resample"] = "drop"
    """What becomes of groups whose rewards are all the same, and so teach nothing. `off`: they count in the loss's
    denominator (and in its KL term); `drop`: they are left out of the step; `resample`: left out, and further prompts are
    drawn for them (DAPO)."""
    resample_rounds: Annotated[int, Ge(1)] = 4
    """Under `resample`, how often at most further prompts are drawn in a step, so that a step always ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective(Rollout):
    """The loss and how often a step's completions are used."""

    minibatches: Annotated[int, Ge(1)] = 2
    """Optimizer steps into which a pass over a step's groups is cut; a group is never cut."""
    epochs: Annotated[int, Ge(1)] = 1
    """Passes over a step's completions, each in an order of its own."""
    clip: Annotated[float, Gt(0), Lt(1)] = 0.2
    """How far the probability ratio may move from 1 before the gradient is cut, to both sides."""
    clip_low: Annotated[float, Gt(0), Lt(1)] | None = None
    """The lower side, where it is not `clip`."""
    clip_high: Annotated[float, Gt(0)] | None = None
    """The upper side, where it is not `clip`; DAPO's is 0.28."""
    kl: Annotated[float, Ge(0)] = 0.0
    """Coefficient of the KL divergence from the start model, estimated by k3 (ratio - 1 - log ratio) a token; 0: off, and
    no reference model is kept. Metrics then have no `kl`."""
    scale_by_std: bool = True
    """Divide advantages by the group's standard deviation; false gives Dr. GRPO's."""
    advantage_epsilon: Annotated[float, Gt(0)] = 1e-4
    """Added to that standard deviation."""
    loss_mean: Literal["token", "sequence"] = "token"
    """`token`: all tokens of a minibatch weigh the same; `sequence`: all completions do, whatever their length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params(Objective):
    """Settings of GRPO; the defaults are the miniature's, measured there."""

    steps: Annotated[int, Ge(1)] = 50
    """RL steps: rounds of drawing completions and learning from them."""
    learning_rate: Annotated[float, Gt(0), Lt(100)] = 4e-4
    """Peak learning rate. 4e-4 suits the miniature; models of a billion parameters want about 1e-6."""
    warmup_steps: Annotated[int, Ge(0)] = 5
    """RL steps over which the learning rate rises to its peak."""
    monitor_every: Annotated[int, Ge(0)] = 10
    """RL steps between measurements of accuracy on the monitor problems, the last step always among them; 0: never."""
    monitor_samples: Annotated[int, Ge(1)] = 4
    """Completions of each monitor problem at such a measurement, drawn at the same temperature and length as rollouts."""
