r"""entropy-law: the reward at which the policy's entropy would be spent, fitted on early RL.

RL trades entropy for reward along R = -a exp(H) + b (arXiv 2505.22617), so a line fitted early says where the trade
ends: at H = 0 the reward is b - a. Formula: least squares of a step's mean reward on exp(its mean token entropy,
nats) over the first `steps` RL steps; the value is b - a. Higher predicts a better outcome. Undefined where the
entropy does not vary or the reward does not rise as it falls; a value above 1 stands, flagged, since it still orders
candidates. The interval is the line's own (Student t, independent steps), which successive steps of one run are not:
read it as a lower bound on the doubt.

Like micro-probe it looks into the RL run whose end is the outcome: it is no measurement before RL, and its validity
at amounts of RL up to `steps` is circular.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from harness import Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.early_rl import WIDEST, first_steps, why_too_short

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """How much of the run is fitted."""

    steps: Annotated[int, Ge(3)] = 60
    """RL steps fitted, at most those of the recipe's RL; the source finds its coefficients early in training."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Fit reward on exp(entropy) and read the line at entropy 0."""
    import numpy as np

    short = why_too_short(evidence, params.steps)
    if short:
        return ProxyValue(value=None, reason=short)
    rows = first_steps(evidence, params.steps)
    both = [(row["entropy"], row["reward"]) for row in rows if None not in (row.get("entropy"), row.get("reward"))]
    if len(both) < 3:
        return ProxyValue(value=None, reason=f"{len(both)} steps log both reward and entropy; a line takes 3")
    entropy, reward = np.array(both, dtype=np.float64).T
    with np.errstate(over="ignore"):
        exp_entropy = np.exp(entropy)
    if not (np.isfinite(exp_entropy).all() and np.isfinite(reward).all()):
        return ProxyValue(value=None, reason="reward or entropy is not finite at some step")
    if np.ptp(exp_entropy) <= 1e-9 * exp_entropy.max():
        return ProxyValue(value=None, reason="the entropy does not vary")
    return ceiling(exp_entropy, reward)


def ceiling(exp_entropy: NDArray[np.float64], reward: NDArray[np.float64]) -> ProxyValue:
    """Fit reward = -a exp_entropy + b and return b - a with the interval of the fitted mean there."""
    import numpy as np
    from scipy.special import stdtrit
    from scipy.stats import linregress

    line = linregress(exp_entropy, reward)
    if line.slope >= 0.0:
        return ProxyValue(value=None, reason="the reward does not rise as the entropy falls: a is not positive")
    value = float(line.intercept + line.slope)
    free = len(reward) - 2
    residual = reward - line.intercept - line.slope * exp_entropy
    apart = exp_entropy - exp_entropy.mean()
    leverage = 1.0 / len(reward) + (1.0 - float(exp_entropy.mean())) ** 2 / float(apart @ apart)
    half = float(stdtrit(free, 0.975)) * float(np.sqrt(residual @ residual / free * leverage))
    if 2.0 * half >= WIDEST:
        return ProxyValue(value=None, reason=f"not identified: the 95 % interval is {2.0 * half:.2g} wide")
    reason = "above 1, which no reward can reach: the law is stretched too far" if value > 1.0 else None
    return ProxyValue(value=value, low=value - half, high=value + half, reason=reason)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the ceiling by the entropy law."""
    yield Proxy(
        name="entropy-law",
        version="1",
        summary="reward at which early RL's entropy would be spent",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"rl-metrics"}),
        min_rl_steps=lambda params: int(params.steps),
        pattern=r"entropy-law@(?P<steps>\d+)",
    )
