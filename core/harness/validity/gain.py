"""What RL gained, over candidates and problems both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.estimators import Estimate
from harness.validity.matrix import problem_matrices, resampled_means

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.values import Counts


def rl_gain(
    pre: Mapping[str, Sequence[Counts]],
    post: Mapping[str, Sequence[Counts]],
    *,
    k: int = 1,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Estimate the mean over candidates of pass@k after RL minus before, paired by candidate and problem.

    The interval resamples candidates and, within each benchmark, problems, both at once (pigeonhole bootstrap, Owen 2007,
    Annals of Applied Statistics 1): it speaks of other candidates on other problems, and errs on the wide side.
    With one candidate, problems alone.

    Args:
        pre: counts before RL by candidate.
        post: counts after RL: the same candidates, benchmarks and problems.
        k: of pass@k.
        resamples: how many.
        seed: of the resamples.
        level: nominal coverage.

    Raises:
        TooFewSamplesError: some problem has fewer than k samples.
        DataError: the two differ in candidates, benchmarks or problems.
    """
    unmatched = sorted(set(pre).symmetric_difference(post))
    if unmatched:
        raise DataError(f"rl gain: candidate {unmatched[0]!r} was measured only before or only after RL; pair them")
    names = list(pre)
    sides = {f"pre {name}": pre[name] for name in names} | {f"post {name}": post[name] for name in names}
    gains = [values[len(names) :] - values[: len(names)] for values in problem_matrices(sides, k).values()]
    rng = np.random.default_rng(seed)
    by_candidate = np.mean([resampled_means(values, resamples, rng) for values in gains], axis=0)
    drawn = rng.integers(0, len(names), (resamples, len(names)))
    replicates = np.take_along_axis(by_candidate, drawn, axis=1).mean(axis=1)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(replicates, (tail, 1.0 - tail))
    units = "candidates and problems" if len(names) > 1 else "problems"
    return Estimate(
        value=float(np.mean([values.mean() for values in gains])),
        low=float(low),
        high=float(high),
        method=f"pigeonhole bootstrap over {units}, {resamples} resamples",
        level=level,
    )
