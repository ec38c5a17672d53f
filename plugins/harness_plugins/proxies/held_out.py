"""The loss on held-out traces, which two proxies read of different sets."""

from __future__ import annotations

from harness import LossTable, ProxyValue


def mean_loss(table: LossTable | None, missing: str) -> ProxyValue:
    """Average -log p over all traces' tokens (nats), interval clustered by trace.

    Args:
        table: what was scored; None where nothing was.
        missing: the reason to give where there is nothing.
    """
    import numpy as np

    from harness.estimators import weighted_mean

    if table is None or not table.trace_ids:
        return ProxyValue(value=None, reason=missing)
    if not np.isfinite(table.nll).all():
        return ProxyValue(value=None, reason="the loss of some held-out trace is not finite")
    loss = weighted_mean(table.nll, table.num_tokens)
    low = None if loss.low is None else max(loss.low, 0.0)
    return ProxyValue(value=loss.value, low=low, high=loss.high, reason=loss.reason)
