"""last-checkpoint: the candidate's place in the recipe.

"Take the last one" is what a training script does when nobody chooses. Formula: position from 0; higher is
the later one, said to be better. Source: common practice; the reviewers of arXiv 2510.01624 asked for it
beside its proxies.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness import Evidence, NoParams, Proxy, ProxyValue, hookimpl


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Read the position."""
    if evidence.training is None:
        return ProxyValue(value=None, reason="nothing is known of the candidate's training")
    return ProxyValue(value=float(evidence.training.position))


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the order of the recipe as a proxy."""
    yield Proxy(
        name="last-checkpoint",
        version="1",
        summary="place in the recipe, the last is picked",
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"training"}),
        trivial=True,
    )
