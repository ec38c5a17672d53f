"""What several proxies share: a number a problem read from its counts, averaged over problems, then over benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from harness import Counts, ProxyValue, TooFewSamplesError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.estimators import Estimate


def mean_of_counts(
    counts: Sequence[Counts], statistic: Callable[[Counts], NDArray[np.float64]], *, low: float = 0.0, high: float = 1.0
) -> ProxyValue:
    """Average a per-problem statistic, interval clustered by problem.

    Args:
        counts: one entry a benchmark.
        statistic: from a benchmark's counts to one number a problem, shape (problems,).
        low: no problem's number can lie below it.
        high: no problem's number can lie above it.
    """
    from harness.estimators import ProblemValues, mean_over_problems

    if not counts:
        return ProxyValue(value=None, reason="no benchmark was sampled")
    values = [
        ProblemValues(benchmark=entry.benchmark, problem_ids=entry.problem_ids, values=statistic(entry)) for entry in counts
    ]
    return reading(mean_over_problems(values, low=low, high=high))


def reading(estimate: Estimate) -> ProxyValue:
    """Hand an estimate over as a proxy's value."""
    return ProxyValue(value=estimate.value, low=estimate.low, high=estimate.high, reason=estimate.reason)


def reward_variance(entry: Counts) -> NDArray[np.float64]:
    """Estimate p(1-p) of each problem without bias: c(n-c) / (n(n-1)), the sample variance of its 0/1 grades.

    Raises:
        TooFewSamplesError: some problem has fewer than 2 samples.
    """
    import numpy as np

    check_samples(entry, 2, "a variance")
    n, c = entry.num_samples.astype(np.float64), entry.num_correct.astype(np.float64)
    return c * (n - c) / (n * (n - 1.0))


def largest_variance(counts: Sequence[Counts]) -> float:
    """Return the most that `reward_variance` can be for any problem: above 1/4, by little where there are many samples."""
    samples = [int(entry.num_samples.min()) for entry in counts if len(entry.num_samples)]
    if not samples or min(samples) < 2:
        return 0.5
    return (min(samples) ** 2 // 4) / (min(samples) * (min(samples) - 1))


def check_samples(entry: Counts, least: int, what: str) -> None:
    """Refuse problems with too few samples.

    Raises:
        TooFewSamplesError: some problem has fewer than `least`; the message names it.
    """
    for problem, samples in zip(entry.problem_ids, entry.num_samples.tolist(), strict=True):
        if samples < least:
            raise TooFewSamplesError(
                f"{what}: problem {problem!r} has {samples} samples; draw at least {least} samples a problem"
            )
