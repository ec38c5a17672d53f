"""silhouette: how well the probability of a sample tells right ones from wrong ones.

RL-friendly models are said to give right and wrong answers probabilities that keep apart. Formula: P = exp(logprob /
tokens), the geometric mean token probability of each sample; its silhouette is (b - a) / max(a, b) with a the mean
distance |P - P'| to the other samples of its class (right or wrong) and b that to the other class, 0 where its class
has no other or where a = b = 0 (Rousseeuw 1987, J. Comput. Appl. Math. 20); the mean over samples, negated where wrong
samples have the higher mean P. Source: arXiv 2601.06911. Higher predicts a better outcome.

All benchmarks' samples are taken together; that is our reading of the source. In one dimension sorted values and
running sums give all distances in n log n steps. There is no interval: the mean couples all samples, and resampling
problems would cost a run of it each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness import Evidence, NoParams, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.confidence import sampled_confidence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDING = 1e-12
"""Mean distances below this are rounding of the running sums; probabilities are of the order of 1."""


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Average the silhouettes of all samples, with the sign of the difference in confidence."""
    found = sampled_confidence(evidence.samples)
    if isinstance(found, str):
        return ProxyValue(value=None, reason=found)
    right, wrong = found.probability[found.correct], found.probability[~found.correct]
    mean = mean_silhouette(right, wrong)
    return ProxyValue(value=-mean if wrong.mean() > right.mean() else mean)


def mean_silhouette(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the mean silhouette of two classes of numbers, each of at least one."""
    total = silhouettes(first, second).sum() + silhouettes(second, first).sum()
    return float(total) / (len(first) + len(second))


def silhouettes(own: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the silhouette of each of `own`, in sorted order; shape (own,)."""
    import numpy as np

    if len(own) == 1:
        return np.zeros(1)
    # Centred on a value that occurs, so that equal numbers have distance 0 exactly.
    centre = float(own[0])
    at = np.sort(own - centre)
    within = distance_sums(at, at) / (len(own) - 1)
    between = distance_sums(at, np.sort(other - centre)) / len(other)
    within[within < ROUNDING] = 0.0
    between[between < ROUNDING] = 0.0
    larger = np.maximum(within, between)
    return np.divide(between - within, larger, out=np.zeros(len(at)), where=larger > 0.0)


def distance_sums(at: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of distances from each of `at` to all of `points`, which are sorted; shape of `at`."""
    import numpy as np

    below = np.searchsorted(points, at)
    running = np.concatenate([[0.0], np.cumsum(points)])
    return np.asarray(at * (2 * below - len(points)) - 2.0 * running[below] + running[-1], dtype=np.float64)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the silhouette of right against wrong samples."""
    yield Proxy(
        name="silhouette",
        version="1",
        summary="mean silhouette of right against wrong samples by their probability",
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"samples"}),
    )
