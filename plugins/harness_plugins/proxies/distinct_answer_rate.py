"""distinct-answer-rate: distinct extracted answers among a problem's samples, over the samples.

How far the samples spread over answers, right or wrong: 1/n where all agree. Formula: mean over benchmarks of the mean
over problems of (distinct extracted answers) / n; samples without an answer count in n only. It depends on n, since
later samples repeat earlier answers: compare candidates at one n only. Source: none claims it by itself; the count is
what majority votes are taken over. Higher is said to predict a better outcome.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness import Counts, Evidence, NoParams, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.per_problem import mean_of_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Average the rate over problems, interval clustered by problem."""
    if any(entry.num_distinct is None for entry in evidence.counts):
        return ProxyValue(value=None, reason="distinct answers were not counted")
    return mean_of_counts(evidence.counts, distinct_rate)


def distinct_rate(entry: Counts) -> NDArray[np.float64]:
    """Return distinct answers over samples for each problem."""
    import numpy as np

    return np.asarray(entry.num_distinct, dtype=np.float64) / entry.num_samples


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the spread over answers."""
    yield Proxy(
        name="distinct-answer-rate",
        version="1",
        summary="distinct extracted answers over samples",
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"counts"}),
    )
