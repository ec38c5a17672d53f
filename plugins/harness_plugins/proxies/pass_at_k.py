r"""pass@k: the chance that one of k samples is right, averaged over problems, then over benchmarks.

pass@1 is the SFT score most teams choose by, and the baseline to beat; pass@k at large k is what Quagmires in
SFT-RL (arXiv 2510.01624) chooses by instead. Formula: mean over benchmarks of the mean over problems of 1 -
C(n-c, k) / C(n, k) (Chen et al. 2021, arXiv 2107.03374). Higher predicts a better outcome.
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

    k: Annotated[int, Ge(1)]
    """Samples drawn a problem, at least 1 and at most the samples measured; no default, since k is the proxy's name."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Estimate mean pass@k from the candidate's counts, interval clustered by problem."""
    from harness.estimators import mean_pass_at_k

    if not evidence.counts:
        return ProxyValue(value=None, reason="no benchmark was sampled")
    estimate = mean_pass_at_k(evidence.counts, params.k)
    return ProxyValue(value=estimate.value, low=estimate.low, high=estimate.high, reason=estimate.reason)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer pass@k under every k."""
    yield Proxy(
        name="pass@k",
        version="2",
        summary="chance that at least one of k samples is right",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"counts"}),
        min_samples=lambda params: int(params.k),
        pattern=r"pass@(?P<k>\d+)",
    )
