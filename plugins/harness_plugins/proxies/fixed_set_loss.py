"""fixed-set-loss: negative log-likelihood on one set of held-out traces common to all candidates.

The same text for everybody, so that differences come from the candidates and not from what they were tested
on; it also exists where generalization-loss does not (instance-level studies, the base). Formula: sum over
traces of the response's -log p, divided by their tokens (nats a token, prompt masked). Source: RETU, arXiv
2512.11470. Lower predicts a better outcome.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness import Evidence, NoParams, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.held_out import mean_loss


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Average the loss over the tokens of the common held-out traces, interval clustered by trace."""
    return mean_loss(evidence.fixed_loss, "no held-out traces common to all candidates")


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the loss on the common held-out traces."""
    yield Proxy(
        name="fixed-set-loss",
        version="1",
        summary="loss on held-out traces common to all candidates",
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda _params: frozenset({"fixed-loss"}),
    )
