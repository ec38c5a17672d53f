"""fisher-ratio: distance of right from wrong samples in probability, over their spread.

The same question as silhouette's in two moments. Formula: (mean of right - mean of wrong)^2 / (variance of right +
variance of wrong), of P = exp(logprob / tokens), the geometric mean token probability of a sample; sample variances (n
- 1), all benchmarks' samples together. It does not see the sign: a model more confident when wrong scores as high.
Source: arXiv 2601.06911. Higher predicts a better outcome.

The interval is a jackknife over problems: all samples of one are left out at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness import Evidence, NoParams, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.confidence import Confidence, sampled_confidence
from harness_plugins.proxies.per_problem import reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLAT = 1e-24
"""Variances of a probability below this are rounding."""
NEARLY_FLAT = 1e-9
"""Shares of the variance below this are rounding of its running sums."""


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Compute the ratio over all samples, interval clustered by problem."""
    import numpy as np

    from harness.estimators import ProblemValues, mean_over_problems

    found = sampled_confidence(evidence.samples)
    if isinstance(found, str):
        return ProxyValue(value=None, reason=found)
    gap, sums = class_sums(found)
    whole = sums.sum(axis=0)
    if whole[:, 0].min() < 2:
        return ProxyValue(value=None, reason="one class has a single sample, and so no variance")
    spread = float(variance_sum(whole))
    if spread < FLAT:
        return ProxyValue(value=None, reason="all right samples have one probability and all wrong ones one: no spread")
    value = gap**2 / spread
    without = ratio(whole - sums, gap, least=NEARLY_FLAT * spread)
    if np.isnan(without).any():
        return ProxyValue(value=value, reason="one problem holds a class or all its spread, which gives no interval")
    influence = (len(sums) - 1) * (without.mean() - without)
    ids = tuple(str(i) for i in range(len(sums)))
    pseudo = ProblemValues(benchmark="all", problem_ids=ids, values=value + influence)
    return reading(mean_over_problems([pseudo], high=float("inf")))


def class_sums(found: Confidence) -> tuple[float, NDArray[np.float64]]:
    """Return the mean of the right less that of the wrong, and sums by problem and class (wrong, right).

    The sums are of the samples, of P and of its square, shape (problems, 2, 3). P is centred on the mean of its class,
    without which a small variance drowns in the squares.
    """
    import numpy as np

    right, wrong = (float(found.probability[found.correct == is_right].mean()) for is_right in (True, False))
    centred = found.probability - np.where(found.correct, right, wrong)
    problem = np.unique(found.problem, return_inverse=True)[1]
    size = 2 * (int(problem.max()) + 1)
    place = problem * 2 + found.correct
    sums = np.stack([np.bincount(place, weights=centred**power, minlength=size) for power in (0, 1, 2)], axis=-1)
    return right - wrong, sums.reshape(-1, 2, 3).astype(np.float64)


def variance_sum(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the two classes' sample variances added up, from sums of shape (..., 2, 3); NaN under two samples."""
    import numpy as np

    samples, total, squares = sums[..., 0], sums[..., 1], sums[..., 2]
    is_enough = samples > 1.5
    safe = np.where(is_enough, samples, 2.0)
    variance = np.maximum(squares - total**2 / safe, 0.0) / (safe - 1.0)
    return np.asarray(np.where(is_enough, variance, np.nan).sum(axis=-1), dtype=np.float64)


def ratio(sums: NDArray[np.float64], gap: float, least: float) -> NDArray[np.float64]:
    """Return the ratios of sums of shape (..., 2, 3) about class means `gap` apart; NaN where nothing varies by `least`."""
    import numpy as np

    mean = sums[..., 1] / np.maximum(sums[..., 0], 1.0)
    spread = variance_sum(sums)
    is_spread = spread >= least
    distance = gap + mean[..., 1] - mean[..., 0]
    return np.where(is_spread, distance**2 / np.where(is_spread, spread, 1.0), np.nan)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the Fisher ratio of right against wrong samples."""
    yield Proxy(
        name="fisher-ratio",
        version="1",
        summary="squared distance of right from wrong samples in probability, over their variance",
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"samples"}),
    )
