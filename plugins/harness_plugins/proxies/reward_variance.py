"""reward-variance: variance of the reward over a policy's samples.

Where the reward does not vary under the policy, its gradient vanishes, however right the reward is. Formula: mean over
benchmarks of the mean over prompts of the sample variance of the reward; or, with `over` "all", the variance of the
reward of one sample of a prompt drawn at random, m(1-m) with m the mean pass rate of the benchmark, which differences
between prompts raise too. For 0/1 grades the first is c(n-c) / (n(n-1)) and equals informative-mass to the last digit:
list one of them. Source: arXiv 2503.15477. Higher predicts a better outcome.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness import Counts, Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies import per_problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Variance over what."""

    over: Literal["prompt", "all"] = "prompt"
    """`prompt`: within each prompt, then averaged, as published; `all`: over the samples of all prompts of a benchmark."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Average the variance, interval clustered by problem."""
    if params.over == "all":
        found = per_problem.mean_of_counts(evidence.counts, total_variance)
        high = None if found.high is None else min(found.high, 0.25)
        return ProxyValue(value=found.value, low=found.low, high=high, reason=found.reason)
    largest = per_problem.largest_variance(evidence.counts)
    return per_problem.mean_of_counts(evidence.counts, per_problem.reward_variance, high=largest)


def total_variance(entry: Counts) -> NDArray[np.float64]:
    """Return numbers in [0, 1] whose mean is m(1-m) and whose spread is that of m(1-m), linearised in the pass rates."""
    import numpy as np

    rate = entry.num_correct / entry.num_samples
    mean = float(rate.mean())
    return np.asarray(mean * (1.0 - mean) + (1.0 - 2.0 * mean) * (rate - mean), dtype=np.float64)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the variance of the reward."""
    yield Proxy(
        name="reward-variance",
        version="1",
        summary="variance of the reward over samples",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"counts"}),
        min_samples=lambda params: 2 if params.over == "prompt" else 1,
    )
