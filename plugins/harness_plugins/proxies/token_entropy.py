"""token-entropy: mean next-token entropy of the candidate's own samples.

A model that is certain of every token has nothing left to explore. Formula: sum over sampled tokens of the
next-token entropy at temperature 1, divided by the tokens (nats), all benchmarks' tokens together. Sources:
arXiv 2606.18487 (higher predicts a better outcome; below 0.18 nats RL stalls), disputed by arXiv 2510.01624.
The entropy is always that at temperature 1; the contexts are those the recipe's sampling drew, so draw at
temperature 1 to have the published quantity.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness import Evidence, NoParams, Proxy, ProxyValue, SampleTable, hookimpl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COLLAPSED_BELOW = 0.18
"""Nats; the threshold of arXiv 2606.18487."""


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Average the entropy over sampled tokens, interval clustered by problem; flag a collapsed one."""
    import numpy as np

    from harness.estimators import weighted_mean

    sums = [problem_sums(table) for table in evidence.samples]
    tokens = np.concatenate([tokens for _, tokens in sums]) if sums else np.zeros(0)
    if not tokens.sum():
        return ProxyValue(value=None, reason="no sampled tokens")
    total = np.concatenate([total for total, _ in sums])
    if not np.isfinite(total).all():
        return ProxyValue(value=None, reason="the engine gave no finite entropy for some sample")
    entropy = weighted_mean(total, tokens)
    low = None if entropy.low is None else max(entropy.low, 0.0)
    reason = entropy.reason
    if entropy.value is not None and entropy.value < COLLAPSED_BELOW:
        reason = f"below {COLLAPSED_BELOW} nats: little left to explore (arXiv 2606.18487)"
    return ProxyValue(value=entropy.value, low=low, high=entropy.high, reason=reason)


def problem_sums(table: SampleTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return entropy summed over tokens, and tokens, of each problem; shape (problems,) both."""
    import numpy as np

    problems, owner = np.unique(table.problem_ids, return_inverse=True)
    sums = np.where(table.num_tokens > 0, table.entropy * table.num_tokens, 0.0)
    total = np.bincount(owner, weights=sums, minlength=len(problems))
    tokens = np.bincount(owner, weights=table.num_tokens, minlength=len(problems))
    return total.astype(np.float64), tokens.astype(np.float64)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the entropy of the candidate's own samples."""
    yield Proxy(
        name="token-entropy",
        version="1",
        summary="mean next-token entropy of the candidate's own samples",
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"samples"}),
    )
