r"""coverage-profile: how many held-out traces the candidate would hardly ever draw, where the best checkpoint would.

RL and best-of-N can only reinforce what is drawn at all; a mean loss is carried by traces that are likely anyway,
coverage counts those that are lost. Formula: share of held-out traces with log p*(trace) - log p(trace) >= log N,
where log p is the sum over the response's tokens. Source: arXiv 2510.15020, which defines it against the data's
distribution: P(p_data / p >= N). That is not known here, so p* stands in for it: trace by trace the highest
likelihood any candidate gives. This bounds from above the share against any single rival, which is what the
source's tournament between checkpoints looks at. Lower predicts a better outcome; values depend on which
candidates are compared. The interval (Wilson's) takes traces as units and p* as given.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge

from harness import Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.held_out import MISSING, NEEDS, are_same_traces, table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """How unlikely is too unlikely, on which traces."""

    n: Annotated[int, Ge(2)] = 16
    """A trace counts as lost where it is at least so many times less likely than under p*. 16: as many samples as a
    usual group of RL draws of a prompt, within which a trace of p* that is not lost can be expected to show."""
    set: Literal["own", "fixed"] = "fixed"
    """fixed: traces common to all candidates; own: those of the candidate's own SFT distribution, which serves only where
    all candidates share it."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Count the traces that are log N below the best candidate."""
    import numpy as np
    from scipy.stats import binomtest

    own = table_of(evidence, params.set)
    if own is None:
        return ProxyValue(value=None, reason=MISSING[params.set])
    losses = []
    for peer in evidence.peers:
        table = table_of(peer, params.set)
        if table is None or not are_same_traces(own, table):
            return ProxyValue(value=None, reason=f"candidate {peer.candidate!r} was scored on other held-out traces")
        losses.append(table.nll)
    if len(losses) < 2:
        return ProxyValue(value=None, reason="there is no other candidate to compare with")
    if not np.isfinite(losses).all():
        return ProxyValue(value=None, reason="the loss of some held-out trace is not finite")
    lost = int((own.nll - np.min(losses, axis=0) >= math.log(params.n)).sum())
    interval = binomtest(lost, len(own.nll)).proportion_ci(method="wilson")
    return ProxyValue(value=lost / len(own.nll), low=float(interval.low), high=float(interval.high))


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the coverage profile at every N."""
    yield Proxy(
        name="coverage-profile",
        version="1",
        summary="share of held-out traces N times less likely than under the best candidate",
        params=Params,
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda params: frozenset({NEEDS[params.set], "peers"}),
        pattern=r"coverage-profile@(?P<n>\d+)",
    )
