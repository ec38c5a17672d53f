"""pass-rate-variance: variance over problems of the true pass rate.

SFT that goes on too long makes a model sure of some problems and hopeless at others. Since 1-(1-p)^k is concave in p,
pass rates spread further about the same pass@1 mean a lower pass@k. Formula: for each benchmark the sample variance of
c/n over problems less the mean of c(n-c) / (n^2(n-1)), which is what binomial noise adds on average; then the mean over
benchmarks. The estimate is without bias and so may fall below 0, where no variance can be: then the value is 0 and the
reason says so. Source: arXiv 2504.10478. Lower predicts a better outcome.

The interval is the jackknife's over problems: the variance is a U-statistic, so the mean of its pseudo-values is the
estimate.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness import Counts, Evidence, NoParams, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.per_problem import mean_of_counts, reward_variance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Estimate the variance of each benchmark and average them, interval clustered by problem."""
    small = [entry.benchmark for entry in evidence.counts if len(entry.problem_ids) < 2]
    if small:
        return ProxyValue(value=None, reason=f"benchmark {small[0]!r} has too few problems for a variance over them")
    found = mean_of_counts(evidence.counts, pseudo_values, high=float("inf"))
    if found.value is None:
        return found
    value, reason = found.value, found.reason
    if value < 0.0:
        value, reason = 0.0, f"the estimate is {value:.2g}, below 0: noise alone explains the differences"
    if found.low is None or found.high is None or min(len(entry.problem_ids) for entry in evidence.counts) < 3:
        return ProxyValue(value=value, reason=reason or "two problems give a variance no interval")
    high = min(max(found.high, value), max(0.25, value))
    return ProxyValue(value=value, low=min(found.low, value), high=high, reason=reason)


def pseudo_values(entry: Counts) -> NDArray[np.float64]:
    """Return the jackknife's pseudo-values of the variance of the true pass rates; their mean is its estimate.

    With d the deviations of the P rates from their mean and s^2 their sample variance, leaving one out gives the
    pseudo-values (P d^2 - s^2) / (P - 2); each problem's own noise comes off. Two problems have one value in common.
    """
    import numpy as np

    rate = entry.num_correct / entry.num_samples
    spread, problems = float(rate.var(ddof=1)), len(rate)
    noise = reward_variance(entry) / entry.num_samples
    if problems < 3:
        return np.asarray(spread - noise, dtype=np.float64)
    return np.asarray((problems * (rate - rate.mean()) ** 2 - spread) / (problems - 2) - noise, dtype=np.float64)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the variance of the pass rates."""
    yield Proxy(
        name="pass-rate-variance",
        version="1",
        summary="variance over problems of the true pass rate",
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda _params: frozenset({"counts"}),
        min_samples=lambda _params: 2,
    )
