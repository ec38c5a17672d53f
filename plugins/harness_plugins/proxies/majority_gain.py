r"""majority-gain: majority@k - pass@1, what a vote adds to single samples.

Positive where right answers lead without being sure, which sampling wastes and RL could turn into first answers;
negative where a wrong answer leads. Formula: mean over benchmarks of the mean over problems of majority@k - c/n, paired
by problem. Source: self-consistency, arXiv 2203.11171; no published source claims it as a proxy. Higher is said to
predict a better outcome.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from harness import Evidence, Proxy, ProxyValue, SampleTable, hookimpl
from harness_plugins.proxies.per_problem import reading
from harness_plugins.proxies.votes import majority_rates

if TYPE_CHECKING:
    from harness.estimators import ProblemValues


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """How many votes."""

    k: Annotated[int, Ge(2)] = 64
    """Votes a problem, from 2 to the samples measured; 64 is what benchmarks here draw by default."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Average the gain over problems, interval clustered by problem."""
    from harness.estimators import mean_over_problems

    if not evidence.samples:
        return ProxyValue(value=None, reason="no benchmark was sampled")
    if any(table.answer is None for table in evidence.samples):
        return ProxyValue(value=None, reason="extracted answers were not kept")
    return reading(mean_over_problems([gains(table, params.k) for table in evidence.samples], low=-1.0, high=1.0))


def gains(table: SampleTable, k: int) -> ProblemValues:
    """Return majority@k less the pass rate for each problem."""
    from dataclasses import replace

    import numpy as np

    majority = majority_rates(table, k)
    _, owner = np.unique(table.problem_ids, return_inverse=True)
    rate = np.bincount(owner, weights=table.correct) / np.bincount(owner)
    return replace(majority, values=majority.values - rate)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the vote's gain under every k above 1."""
    yield Proxy(
        name="majority-gain",
        version="1",
        summary="majority@k minus pass@1",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"samples"}),
        min_samples=lambda params: int(params.k),
        pattern=r"majority-gain@(?P<k>\d+)",
    )
