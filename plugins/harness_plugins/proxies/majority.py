r"""majority@k: share of problems whose most frequent extracted answer among k samples is right.

What a vote makes of the candidate's samples; it rewards a right answer that leads the others, even where it is rare.
Formula: mean over benchmarks of the mean over problems of the chance that k samples vote right, estimated from the
floor(n/k) disjoint blocks of k samples (one block where k = n). Truncated samples have no answer and do not vote; ties
go to the answer seen first. Source: self-consistency, arXiv 2203.11171; no published source claims it as a proxy.
Higher is said to predict a better outcome.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from harness import Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.per_problem import reading
from harness_plugins.proxies.votes import majority_rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """How many votes."""

    k: Annotated[int, Ge(1)]
    """Votes a problem, at least 1 and at most the samples measured; no default, since k is the proxy's name."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Average the votes over problems, interval clustered by problem."""
    from harness.estimators import mean_over_problems

    if not evidence.samples:
        return ProxyValue(value=None, reason="no benchmark was sampled")
    if any(table.answer is None for table in evidence.samples):
        return ProxyValue(value=None, reason="extracted answers were not kept")
    return reading(mean_over_problems([majority_rates(table, params.k) for table in evidence.samples]))


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the majority vote under every k."""
    yield Proxy(
        name="majority@k",
        version="1",
        summary="chance that the most frequent answer among k samples is right",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"samples"}),
        min_samples=lambda params: int(params.k),
        pattern=r"majority@(?P<k>\d+)",
    )
