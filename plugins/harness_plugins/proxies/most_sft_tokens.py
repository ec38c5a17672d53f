"""most-sft-tokens: how many tokens SFT saw.

"More training is better", with no look at the model. Formula: training tokens, repeats counted; the base has
0. Source: common practice. Higher is said to be better; under an equal budget it is constant, and so
undefined as a predictor.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness import Evidence, NoParams, Proxy, ProxyValue, hookimpl


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Read the training tokens."""
    if evidence.training is None:
        return ProxyValue(value=None, reason="nothing is known of the candidate's training")
    return ProxyValue(value=float(evidence.training.tokens))


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the amount of SFT as a proxy."""
    yield Proxy(
        name="most-sft-tokens",
        version="1",
        summary="tokens seen in SFT, repeats counted",
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"training"}),
        trivial=True,
    )
