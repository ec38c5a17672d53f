"""The start of an RL run: a metric of its first steps, and how much RL had been done where each was measured.

Whoever reads this looks into the run whose end is the outcome. Such a proxy is none of a checkpoint before RL: it costs a
short RL run of each candidate, and its validity at amounts of RL up to the steps it reads is circular.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

Metric = Literal["reward", "monitor_accuracy"]
WIDEST = 1.0
"""Rewards lie in [0, 1]: a 95 % interval as wide as that says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A metric where it was measured; aligned arrays of shape (points,)."""

    values: NDArray[np.float64]
    steps: NDArray[np.float64]
    """RL updates made before the measurement: a reward is of completions drawn before its step's update, a monitor
    accuracy is measured after it."""
    tokens: NDArray[np.float64]
    """Tokens RL had sampled for those updates; NaN where the trainer does not log them."""


def first_steps(evidence: Evidence, steps: int) -> tuple[Mapping[str, float], ...]:
    """Return the metrics of the first so many RL steps; fewer where the run is shorter."""
    return evidence.training.rl_metrics[:steps] if evidence.training else ()


def why_too_short(evidence: Evidence, steps: int) -> str | None:
    """Say that the run has fewer steps than are asked for; None where it has enough."""
    num = len(first_steps(evidence, steps))
    if not num:
        return "there are no metrics of an RL run"
    return f"the RL run has {num} of the {steps} steps asked for" if num < steps else None


def curve_of(rows: Sequence[Mapping[str, float]], metric: Metric) -> Curve:
    """Gather a metric from the steps that logged it."""
    import numpy as np

    late = 0 if metric == "reward" else 1
    # Tokens are counted from the start of RL to the end of the step.
    spent = [0.0, *(_number(row, "tokens") for row in rows)]
    places = [i for i, row in enumerate(rows) if row.get(metric) is not None]
    return Curve(
        values=np.array([_number(rows[i], metric) for i in places]),
        steps=np.array([float(i + late) for i in places]),
        tokens=np.array([spent[i + late] for i in places]),
    )


def _number(row: Mapping[str, float], name: str) -> float:
    value = row.get(name)
    return float("nan") if value is None else float(value)
