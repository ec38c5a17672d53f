"""parameter-distance: how far the candidate's weights have moved from the base's.

The cheapest measure of drift: it needs no data, and says nothing of whether the move matters for any prediction.
Formula: L2 norm of the difference of all weights, divided by that of the base's weights. Source: arXiv 2606.09932.
Lower predicts a better outcome; the base's own is 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness import Evidence, NoParams, Proxy, ProxyValue, hookimpl


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Read the distance."""
    drift = evidence.drift
    distance = drift.parameter_distance if drift else None
    if distance is None or not math.isfinite(distance):
        return ProxyValue(value=None, reason=(drift.distance_reason if drift else None) or "no distance was measured")
    return ProxyValue(value=distance)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the distance of the weights."""
    yield Proxy(
        name="parameter-distance",
        version="1",
        summary="relative L2 distance of the weights from the base's",
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda _params: frozenset({"drift"}),
    )
