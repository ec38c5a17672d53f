"""relative-loss: a checkpoint's held-out loss over the lowest of its SFT run.

Losses of different runs differ by their data; how far one has risen above its own run's best says how overfitted
the checkpoint is. Formula: L / min L over the checkpoints of the run, L in nats a token. Source: RETU, arXiv
2512.11470, whose regimes the reason names: stable up to 1.02, mild overfitting below 1.10, severe from there. The
quotient alone does not tell a checkpoint before the minimum, which is underfitted, from one after it. Lower
predicts a better outcome.

A run is what the candidates' details call `run`, else a chain of `start_from`. Losses on different texts have no
meaningful quotient: where the run's checkpoints were scored on different traces, the value is undefined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from harness import Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.held_out import MISSING, NEEDS, are_same_traces, mean_loss, table_of

STABLE_UP_TO = 1.02
SEVERE_FROM = 1.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Which loss, and among which checkpoints its minimum is sought."""

    set: Literal["own", "fixed"] = "own"
    """own: traces of the run's own SFT distribution, the validation loss of the source; fixed: those common to all."""
    over: Literal["run", "all"] = "run"
    """run: the minimum over checkpoints of the same SFT run, as in the source; all: over all candidates."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Divide the loss by the lowest of the run, and name the regime."""
    own = table_of(evidence, params.set)
    loss = mean_loss(own, MISSING[params.set])
    if own is None or loss.value is None:
        return loss
    peers = [peer for peer in evidence.peers if params.over == "all" or peer.run == evidence.run]
    tables = [table for peer in peers if (table := table_of(peer, params.set))]
    if not all(are_same_traces(own, table) for table in tables):
        reason = "checkpoints to compare were scored on different held-out traces"
        return ProxyValue(value=None, reason=reason + ("; set 'fixed' is the same for all" if params.set == "own" else ""))
    losses = [value for table in tables if (value := mean_loss(table, "").value) is not None]
    if len(losses) < 2:
        return ProxyValue(value=None, reason=_alone(evidence, params))
    least = min(losses)
    if least <= 0.0:
        return ProxyValue(value=None, reason="the lowest loss is 0 nats: nothing can be divided by it")
    ratio = loss.value / least
    return ProxyValue(value=ratio, reason=f"{regime(ratio)} (arXiv 2512.11470)")


def regime(ratio: float) -> str:
    """Name the regime of a relative loss."""
    if ratio <= STABLE_UP_TO:
        return "stable"
    return "mild overfitting" if ratio < SEVERE_FROM else "severe overfitting"


def _alone(evidence: Evidence, params: Params) -> str:
    among = "candidates" if params.over == "all" else f"checkpoints of the SFT run {evidence.run!r}"
    return f"no other of the {among} has a loss: there is no minimum to compare with"


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the loss relative to the run's best."""
    yield Proxy(
        name="relative-loss",
        version="1",
        summary="held-out loss over the lowest of the same SFT run",
        params=Params,
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda params: frozenset({NEEDS[params.set], "peers", "run"}),
    )
