"""How well anything could foretell an outcome that is itself noisy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.estimators import Estimate
from harness.estimators.strata import stratified_mean
from harness.validity.matrix import problem_matrices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from harness.validity.association import Floats
    from harness.values import Counts

UNINFORMATIVE_BELOW = 0.5
"""Reliability under which the candidates' outcomes differ by no more than noise."""


def noise_ceiling(outcomes: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate the highest correlation a proxy could have with the seed-averaged outcome.

    The square root of the reliability of the mean over seeds, ICC(C, k) = 1 - MS_error / MS_candidates of the two-way layout
    (McGraw and Wong 1996), with its exact F interval. Seeds' common shifts do not count as noise: they move no rank.

    Args:
        outcomes: shape (seeds, candidates), no NaN; at least 2 of each.
        level: nominal coverage.

    Raises:
        DataError: a missing value, or fewer than two dimensions.
    """
    from scipy.special import fdtri

    table = np.asarray(outcomes, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise DataError("noise ceiling: needs a full table of outcomes, one row a seed; leave out incomplete ones")
    seeds, size = table.shape
    if seeds < 2 or size < 3:
        reason = f"{seeds} seeds of {size} candidates: needs at least 2 of 3"
        return Estimate(value=None, level=level, reason=reason)
    rows, columns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    free, free_error = size - 1, (size - 1) * (seeds - 1)
    between = seeds * float(((columns - table.mean()) ** 2).sum()) / free
    error = float(((table - rows - columns + table.mean()) ** 2).sum()) / free_error
    if between <= 0.0:
        return Estimate(value=None, level=level, reason="all candidates have the same outcome")
    tail = (1.0 - level) / 2.0
    ratio = error / between
    worst = ratio * float(fdtri(free, free_error, 1.0 - tail))
    best = ratio / float(fdtri(free_error, free, 1.0 - tail))
    return Estimate(
        value=max(0.0, 1.0 - ratio) ** 0.5,
        low=max(0.0, 1.0 - worst) ** 0.5,
        high=max(0.0, 1.0 - best) ** 0.5,
        method=f"root of ICC(C, {seeds}) over seeds, F interval",
        level=level,
    )


def relative_errors(counts_by_candidate: Mapping[str, Sequence[Counts]], k: int) -> dict[str, float]:
    """Return the standard error of each candidate's pass@k less the mean of all, paired by problem.

    What matters for ranks: the difficulty of the problems, which all candidates share, drops out.

    Args:
        counts_by_candidate: the same benchmarks and problems for all.
        k: of pass@k.
    """
    matrices = problem_matrices(counts_by_candidate, k)
    errors = {}
    for at, name in enumerate(counts_by_candidate):
        strata = [values[at] - values.mean(axis=0) for values in matrices.values()]
        variance = stratified_mean(strata).variance
        errors[name] = float("nan") if variance is None else variance**0.5
    return errors


def spread_note(outcome: Floats, errors: Floats) -> str | None:
    """Warn where the outcomes' spread is mostly noise; None where it is not, or cannot be told."""
    known = np.isfinite(outcome) & np.isfinite(errors)
    if known.sum() < 3:
        return None
    spread = float(outcome[known].var(ddof=1))
    reliability = 1.0 - float((errors[known] ** 2).mean()) / spread if spread > 0.0 else 0.0
    if reliability >= UNINFORMATIVE_BELOW:
        return None
    return f"uninformative spread: the outcomes differ by little more than noise (reliability {max(reliability, 0.0):.2f})"
