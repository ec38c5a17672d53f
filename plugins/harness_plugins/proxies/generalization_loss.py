"""generalization-loss: negative log-likelihood on held-out traces of the candidate's own SFT distribution.

How well the candidate predicts reasoning it was trained towards but has not seen; it rises when short or
repeated data is learnt by heart. Formula: sum over held-out traces of the response's -log p, divided by their
tokens (nats a token, prompt masked). The held-out traces are those that pass the candidate's own filtering
curations, so candidates are measured on different sets; fixed-set-loss is the same on one set for all.
Source: arXiv 2510.01624. Lower predicts a better outcome.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness import Evidence, NoParams, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.held_out import mean_loss


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Average the loss over the tokens of the candidate's own held-out traces, interval clustered by trace."""
    return mean_loss(evidence.own_loss, "no held-out traces of the candidate's own SFT distribution")


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the loss on each candidate's own held-out traces."""
    yield Proxy(
        name="generalization-loss",
        version="1",
        summary="loss on held-out traces of the candidate's own SFT distribution",
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda _params: frozenset({"own-loss"}),
    )
