"""Learning-rate schedules: a share of the peak for each step."""

from __future__ import annotations

from math import cos, pi
from typing import Literal

Schedule = Literal["constant", "linear", "cosine"]


def rate_share(step: int, num_steps: int, *, warmup_steps: int, schedule: Schedule, final_share: float) -> float:
    """Return the share of the peak learning rate at a step.

    Rises linearly over the warm-up, so that its last step has the peak, then falls to final_share at the last step of all.

    Args:
        step: from 1.
        num_steps: all steps, warm-up included.
        warmup_steps: 0 for none.
        schedule: how it falls.
        final_share: where `linear` and `cosine` end.
    """
    if step < warmup_steps:
        return step / warmup_steps
    first = max(1, warmup_steps)
    progress = (step - first) / max(1, num_steps - first)
    if schedule == "linear":
        return 1 - (1 - final_share) * progress
    if schedule == "cosine":
        return final_share + (1 - final_share) * (1 + cos(pi * progress)) / 2
    return 1.0
