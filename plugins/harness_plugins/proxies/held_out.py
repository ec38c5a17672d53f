"""What is read of held-out traces: which set, the mean loss on it, and whether two checkpoints were scored on the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from harness import Evidence, LossTable, Need, ProxyValue

if TYPE_CHECKING:
    from collections.abc import Mapping

LossSet = Literal["own", "fixed"]
"""Traces of the candidate's own SFT distribution, or those common to all candidates."""
NEEDS: Mapping[LossSet, Need] = {"own": "own-loss", "fixed": "fixed-loss"}
MISSING: Mapping[LossSet, str] = {
    "own": "no held-out traces of the candidate's own SFT distribution",
    "fixed": "no held-out traces common to all candidates",
}


def table_of(evidence: Evidence, which: LossSet) -> LossTable | None:
    """Return what was scored of a candidate on one of the sets; None where nothing was."""
    table = evidence.own_loss if which == "own" else evidence.fixed_loss
    return table if table is not None and table.trace_ids else None


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


def are_same_traces(one: LossTable, other: LossTable) -> bool:
    """Tell whether two tables are of the same traces, read as the same number of tokens."""
    return one.trace_ids == other.trace_ids and one.num_tokens.tolist() == other.num_tokens.tolist()
