"""informative-mass: mean of p(1-p), how much of the benchmark is neither hopeless nor done.

A group of rollouts teaches something only where some are right and some wrong; p(1-p) is the variance of one rollout's
reward. Formula: mean over benchmarks of the mean over problems of p(1-p), estimated without bias as c(n-c) / (n(n-1));
or of its root, sqrt(p(1-p)), with p = c/n put in, which reads low by an amount that shrinks as n grows: compare roots
at one n only. Source: arXiv 2505.18917. Higher predicts a better outcome.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness import Counts, Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.per_problem import largest_variance, mean_of_counts, reward_variance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Which of the two published forms."""

    form: Literal["product", "root"] = "product"
    """`product`: p(1-p), without bias; `root`: sqrt(p(1-p)), with c/n put in for p."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Average the mass over problems, interval clustered by problem."""
    if params.form == "root":
        return mean_of_counts(evidence.counts, plug_in_root, high=0.5)
    return mean_of_counts(evidence.counts, reward_variance, high=largest_variance(evidence.counts))


def plug_in_root(entry: Counts) -> NDArray[np.float64]:
    """Return sqrt(p(1-p)) at p = c/n for each problem."""
    import numpy as np

    rate = entry.num_correct / entry.num_samples
    return np.sqrt(rate * (1.0 - rate)).astype(np.float64)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the informative mass."""
    yield Proxy(
        name="informative-mass",
        version="1",
        summary="mean p(1-p) over problems",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"counts"}),
        min_samples=lambda params: 2 if params.form == "product" else 1,
    )
