r"""micro-probe: how much a candidate gained in the first steps of RL.

Instead of guessing from the checkpoint, try a little RL. Formula: mean of the metric over the last `window` steps up
to `steps`, less its mean over the first `window` steps. Source: practice (short probes of 60 to 80 steps). Higher
predicts a better outcome.

It looks into the very RL run whose end is the outcome, so it is no measurement before RL: it costs a short RL run
of each candidate, it shares that run's luck with the outcome, and its validity at amounts of RL up to `steps` is
circular. Compare it with proxies that need no RL by its cost too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge

from harness import Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.early_rl import curve_of, first_steps, why_too_short


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Which part of the run, and what of it."""

    steps: Annotated[int, Ge(2)] = 60
    """RL steps looked at, at most those of the recipe's RL; 60 is the short end of usual probes."""
    window: Annotated[int, Ge(1)] = 10
    """RL steps averaged at either end, at most half of `steps`; 10 hold one measurement of local-grpo's monitor."""
    metric: Literal["reward", "monitor_accuracy"] = "reward"
    """reward: of the completions RL draws; monitor_accuracy: on held-out problems, where the trainer measures it."""

    def __post_init__(self) -> None:
        """Refuse windows that overlap."""
        if 2 * self.window > self.steps:
            raise ValueError(f"two windows of {self.window} steps do not fit in 'steps' {self.steps}; lower 'window'")


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Subtract the mean of the first window from that of the last."""
    import numpy as np

    short = why_too_short(evidence, params.steps)
    if short:
        return ProxyValue(value=None, reason=short)
    rows = first_steps(evidence, params.steps)
    first = curve_of(rows[: params.window], params.metric).values
    last = curve_of(rows[-params.window :], params.metric).values
    if not first.size or not last.size:
        where = "first" if not first.size else "last"
        return ProxyValue(value=None, reason=f"{params.metric} is not logged in the {where} {params.window} steps")
    gain = float(last.mean() - first.mean())
    if not np.isfinite(gain):
        return ProxyValue(value=None, reason=f"{params.metric} is not finite at some step")
    return ProxyValue(value=gain)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the gain of short RL."""
    yield Proxy(
        name="micro-probe",
        version="1",
        summary="gain over the first steps of RL",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"rl-metrics"}),
        min_rl_steps=lambda params: int(params.steps),
        pattern=r"micro-probe@(?P<steps>\d+)",
    )
