"""group-advantage-variance: expected variance of the rewards within a group of g rollouts.

The size of the signal that group-relative RL sees in one group, averaged over problems. Formula: mean over benchmarks
of the mean over problems of p(1-p)(g-1)/g, with p(1-p) estimated without bias as c(n-c) / (n(n-1)); the factor (g-1)/g
makes it the expectation of the group's own variance, which divides by g. For one g it ranks candidates as
informative-mass does. Source: arXiv 2606.18487. Higher predicts a better outcome.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from harness import Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.per_problem import largest_variance, mean_of_counts, reward_variance


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Which group size."""

    group_size: Annotated[int, Ge(2)] = 8
    """Rollouts a prompt in the RL run, at least 2; 8 is a common setting of GRPO."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Average the variance over problems, interval clustered by problem."""
    factor = (params.group_size - 1) / params.group_size
    return mean_of_counts(
        evidence.counts, lambda entry: reward_variance(entry) * factor, high=largest_variance(evidence.counts) * factor
    )


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the variance within a group."""
    yield Proxy(
        name="group-advantage-variance",
        version="1",
        summary="expected variance of the rewards in a group of rollouts",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"counts"}),
        min_samples=lambda _params: 2,
    )
