r"""headroom: pass@k - pass@1, what RL could still turn into first answers.

RL with verifiable rewards mostly moves probability onto answers the model reaches already; headroom is how
much of that is left. Listed beside pass@k because it takes the SFT score out. Formula: mean over benchmarks
of the mean over problems of pass@k - pass@1. Higher is said to predict a better outcome; no published source
claims it by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from harness import Evidence, Proxy, ProxyValue, hookimpl


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Which k."""

    k: Annotated[int, Ge(2)] = 64
    """Samples drawn a problem, from 2 to the samples measured; 64 is the largest k arXiv 2510.01624 chooses by."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Estimate mean pass@k - pass@1, paired by problem, interval clustered by problem."""
    from harness.estimators import paired_difference

    if not evidence.counts:
        return ProxyValue(value=None, reason="no benchmark was sampled")
    estimate = paired_difference(evidence.counts, evidence.counts, params.k, k_b=1)
    low = None if estimate.low is None else max(estimate.low, 0.0)
    return ProxyValue(value=estimate.value, low=low, high=estimate.high, reason=estimate.reason)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer headroom under every k above 1."""
    yield Proxy(
        name="headroom",
        version="2",
        summary="pass@k minus pass@1",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"counts"}),
        min_samples=lambda params: int(params.k),
        pattern=r"headroom@(?P<k>\d+)",
    )
