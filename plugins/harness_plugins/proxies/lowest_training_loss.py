"""lowest-training-loss: SFT training loss at the end.

Always at hand and free, and rewards learning by heart; a proxy has to beat it. Formula: the trainer's last
logged loss (nats a token). The base has none and is left out. Source: common practice. Lower is said to be
better.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness import Evidence, NoParams, Proxy, ProxyValue, hookimpl


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Read the final training loss."""
    loss = evidence.training.final_loss if evidence.training else None
    if loss is None:
        return ProxyValue(value=None, reason="no training loss: the candidate was not trained here")
    if not math.isfinite(loss):
        return ProxyValue(value=None, reason=f"the training loss ended at {loss}")
    return ProxyValue(value=loss)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the training loss as a proxy."""
    yield Proxy(
        name="lowest-training-loss",
        version="1",
        summary="training loss at the end of SFT",
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda _params: frozenset({"training"}),
        trivial=True,
    )
