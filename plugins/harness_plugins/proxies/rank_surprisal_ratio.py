"""rank-surprisal-ratio: how highly a candidate ranks held-out tokens for how much they surprise it.

A trace teaches where it is surprising, and can be learnt from where its tokens are nevertheless among the likely
ones: a small rank for the surprise is good. Formula: sum over tokens of min(rank, 100), divided by the sum of
-log p (ranks per nat; prompt masked, rank 1 is the most probable token), which is the surprisal-weighted mean over
traces. Source: arXiv 2601.14249, where the ratio is the student's on a teacher's traces and chooses those to train on;
here it is the checkpoint's on traces of the data it was trained towards. Lower predicts a better outcome. On traces
a checkpoint knows by heart the surprise goes to 0 and the ratio grows without bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from harness import Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.held_out import MISSING, NEEDS, table_of

ROUNDING = 1e-7
"""Nats a token: below it, a log-probability worked out in float32 holds nothing but rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """On which traces."""

    set: Literal["own", "fixed"] = "own"
    """own: traces of the candidate's own SFT distribution, nearest to the source; fixed: those common to all."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Divide ranks by surprisal, interval clustered by trace."""
    import numpy as np

    from harness.estimators import weighted_mean

    table = table_of(evidence, params.set)
    if table is None:
        return ProxyValue(value=None, reason=MISSING[params.set])
    if not (np.isfinite(table.nll).all() and np.isfinite(table.rank).all()):
        return ProxyValue(value=None, reason="the loss of some held-out trace is not finite")
    if table.nll.sum() <= ROUNDING * table.num_tokens.sum():
        return ProxyValue(value=None, reason="nothing in the held-out traces surprises the candidate")
    ratio = weighted_mean(table.rank, table.nll)
    low = None if ratio.low is None else max(ratio.low, 0.0)
    return ProxyValue(value=ratio.value, low=low, high=ratio.high, reason=ratio.reason)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the ratio of ranks to surprisal."""
    yield Proxy(
        name="rank-surprisal-ratio",
        version="1",
        summary="ranks of held-out tokens over their surprisal",
        params=Params,
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda params: frozenset({NEEDS[params.set]}),
    )
