"""What a candidate's counts say of its mean pass@k on these problems, and how sure: sampling noise only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.estimators import pass_at_k

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.values import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An estimate of the mean over benchmarks of the mean pass@k over problems, with its sampling error."""

    value: float
    variance: float
    """Of the value over repeated sampling on these same problems; never 0."""
    freedom: float
    """Satterthwaite's degrees of freedom of that variance."""
    samples: int
    """A problem."""


def read(counts: Sequence[Counts], k: int) -> Reading:
    """Estimate mean pass@k and its sampling error on these problems.

    The variance of each problem's estimate is the jackknife's over its samples, which for pass@1 is the unbiased
    p(1-p)/n and for k > 1 errs on the wide side (Efron and Stein 1981, Annals of Statistics 9). Half a squared step is
    added, where a step is what one sample can move: that of one success and one failure more (Agresti and Caffo 2000,
    American Statistician 54), so that all right or all wrong is no proof.

    Args:
        counts: one entry a benchmark, all with the same number n of samples a problem.
        k: of pass@k, at most n.
    """
    samples = int(counts[0].num_samples[0])
    values = [pass_at_k(entry.num_correct, entry.num_samples, k) for entry in counts]
    weights = [1.0 / (len(counts) * len(entry.problem_ids)) for entry in counts]
    table = jackknife_variances(samples, k)
    parts = np.concatenate([w**2 * table[entry.num_correct] for w, entry in zip(weights, counts, strict=True)])
    step = largest_step(max(weights), samples, k)
    total = float(parts.sum())
    scatter = float(((parts - parts.mean()) ** 2).sum())
    return Reading(
        value=float(np.mean([entry.mean() for entry in values])),
        variance=total + step**2 / 2.0,
        freedom=2.0 * (total + step**2 / 2.0) ** 2 / scatter if scatter > 0.0 else np.inf,
        samples=samples,
    )


def jackknife_variances(n: int, k: int) -> NDArray[np.float64]:
    """Return the jackknife variance of pass@k from c right of n, for c = 0..n.

    Leaving out a right sample gives U(n-1, c-1), a wrong one U(n-1, c). With n = k nothing can be left out, and each problem
    counts as the toss of a fair coin, the most it can vary: 1/4.

    Args:
        n: samples.
        k: at most n.
    """
    right = np.arange(n + 1)
    if n == k:
        return np.full(n + 1, 0.25)
    without = pass_at_k(np.arange(n), n - 1, k)
    gap = np.zeros(n + 1)
    gap[1:n] = without[1:] - without[:-1]
    return (n - 1) / n * right * (n - right) / n * gap**2


def largest_step(weight: float, samples: int, k: int) -> float:
    """Return about the most by which one sample can move the mean: weight times k/n."""
    return weight * k / samples
