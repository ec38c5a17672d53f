r"""combined: the mean of a candidate's ranks by pass@k and by held-out loss.

arXiv 2510.01624 predicts the outcome from two features of the SFT checkpoint, pass@k at large k and generalization
loss, and combines their predictions. That takes outcomes to fit on; this form takes none and can be had before
any RL. Formula: mean of two midranks among the candidates, by pass@k (higher is better) and by loss (lower is
better), each scaled so that the worst has 0 and the best 1: (midrank - 1) / (n - 1). Candidates that lack either
feature are left out of the ranking. Higher predicts a better outcome; values depend on which candidates are compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge

from harness import Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.held_out import MISSING, NEEDS, mean_loss, table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Which pass@k and which loss."""

    k: Annotated[int, Ge(1)] = 64
    """Samples drawn a problem, at most the samples measured; 64 is the largest k arXiv 2510.01624 chooses by."""
    set: Literal["own", "fixed"] = "own"
    """own: held-out traces of the candidate's own SFT distribution, the source's loss; fixed: those common to all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is ranked; None where it is undefined."""

    coverage: float | None
    loss: float | None
    reason: str | None
    """Why one of them is undefined."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Average the candidate's two scaled midranks among its peers."""
    own = features(evidence, params)
    if own.coverage is None or own.loss is None:
        return ProxyValue(value=None, reason=own.reason)
    peers = [f for peer in evidence.peers if (f := features(peer, params)).reason is None]
    if len(peers) < 2:
        return ProxyValue(value=None, reason="there is no other candidate to rank it among")
    coverage = scaled_midrank(own.coverage, [f.coverage for f in peers if f.coverage is not None])
    loss = scaled_midrank(-own.loss, [-f.loss for f in peers if f.loss is not None])
    return ProxyValue(value=(coverage + loss) / 2)


def features(evidence: Evidence, params: Params) -> Features:
    """Measure pass@k and the loss of one candidate."""
    from harness.estimators import mean_pass_at_k

    if not evidence.counts:
        return Features(coverage=None, loss=None, reason="no benchmark was sampled")
    coverage = mean_pass_at_k(evidence.counts, params.k)
    loss = mean_loss(table_of(evidence, params.set), MISSING[params.set])
    reason = coverage.reason if coverage.value is None else loss.reason if loss.value is None else None
    return Features(coverage=coverage.value, loss=loss.value, reason=reason)


def scaled_midrank(value: float, values: list[float]) -> float:
    """Return where a value stands among `values`, itself among them: 0 for the lowest, 1 for the highest, ties halved."""
    below = sum(other < value for other in values)
    ties = sum(other == value for other in values) - 1
    return (below + ties / 2) / (len(values) - 1)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the mean rank by pass@k and loss under every k."""
    yield Proxy(
        name="combined",
        version="1",
        summary="mean rank by pass@k and held-out loss",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda params: frozenset({"counts", NEEDS[params.set], "peers"}),
        min_samples=lambda params: int(params.k),
        pattern=r"combined@(?P<k>\d+)",
    )
