"""drift-kl: how far the candidate's predictions have moved from the base's.

SFT that moves a model far overwrites what RL could have built on. Formula: mean over the response tokens of held-out
traces of KL(candidate || base) of the next token, over the whole vocabulary at temperature 1 (nats a token). The
contexts are those of the traces and not the candidate's own samples, so all candidates are measured at the same
places. Source: arXiv 2606.09932. Lower predicts a better outcome; the base's own is 0.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness import Evidence, NoParams, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.held_out import MISSING


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Average the divergence over the tokens of the common held-out traces, interval clustered by trace."""
    import numpy as np

    from harness.estimators import weighted_mean

    drift = evidence.drift
    if drift is None or not drift.trace_ids:
        return ProxyValue(value=None, reason=(drift.kl_reason if drift else None) or MISSING["fixed"])
    if not np.isfinite(drift.kl).all():
        return ProxyValue(value=None, reason="the divergence on some held-out trace is not finite")
    kl = weighted_mean(drift.kl, drift.num_tokens)
    low = None if kl.low is None else max(kl.low, 0.0)
    return ProxyValue(value=kl.value, low=low, high=kl.high, reason=kl.reason)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the divergence from the base."""
    yield Proxy(
        name="drift-kl",
        version="1",
        summary="KL divergence from the base on held-out traces, a token",
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda _params: frozenset({"drift"}),
    )
