"""pass@k: the chance that at least one of k samples is right, without bias from n >= k samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError, TooFewSamplesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def pass_at_k(
    num_correct: ArrayLike, num_samples: ArrayLike, k: int, *, problem_ids: Sequence[str] | None = None
) -> NDArray[np.float64]:
    """Estimate pass@k for each problem without bias.

    1 - C(n-c, k) / C(n, k), in the product form of Chen et al. (2021, arXiv 2107.03374), eq. 1, worked out once for each
    distinct (n, c).

    Args:
        num_correct: c, shape (problems,), integers.
        num_samples: n, shape (problems,) or a scalar; every n must be >= k.
        k: samples drawn, at least 1.
        problem_ids: names for the error message, shape (problems,).

    Returns:
        Probabilities in [0, 1], shape (problems,).

    Raises:
        TooFewSamplesError: some n < k, or k < 1; the message names the problem.
        DataError: some c outside 0..n; the message names the problem.
    """
    correct = np.atleast_1d(np.asarray(num_correct, dtype=np.int64))
    samples = np.broadcast_to(np.asarray(num_samples, dtype=np.int64), correct.shape)
    if k < 1:
        raise TooFewSamplesError(f"pass@{k}: k must be at least 1; ask for pass@1 or more")
    _check(correct, samples, k, problem_ids)
    if not correct.size:
        return np.zeros(correct.shape)
    span = int(samples.max()) + 1
    distinct, where = np.unique(samples * span + correct, return_inverse=True)
    n, c = distinct // span, distinct % span
    none_right = np.ones(distinct.shape)
    # One factor a draw, in blocks to bound memory; once n - c draws were wrong, a right one is certain.
    draws = min(k, int((n - c).max()) + 1)
    for start in range(0, draws, 64):
        drawn = np.arange(start, min(start + 64, draws))
        none_right *= (np.maximum((n - c)[:, None] - drawn, 0) / (n[:, None] - drawn)).prod(axis=1)
    table = 1.0 - none_right
    return np.asarray(table[where.reshape(correct.shape)], dtype=np.float64)


def _check(correct: NDArray[np.int64], samples: NDArray[np.int64], k: int, problem_ids: Sequence[str] | None) -> None:
    """Refuse counts that no sampling run can have produced, and k above n."""
    short = np.flatnonzero(samples < k)
    if short.size:
        at = int(short[0])
        raise TooFewSamplesError(
            f"pass@{k}: {_name(at, problem_ids)} has {int(samples.flat[at])} samples; "
            f"draw at least {k} samples a problem or ask for a smaller k"
        )
    wrong = np.flatnonzero((correct < 0) | (correct > samples))
    if wrong.size:
        at = int(wrong[0])
        raise DataError(
            f"counts: {_name(at, problem_ids)} has {int(correct.flat[at])} right of "
            f"{int(samples.flat[at])} samples; counts must lie between 0 and the samples drawn"
        )


def _name(at: int, problem_ids: Sequence[str] | None) -> str:
    """Say which problem is meant."""
    return f"problem {problem_ids[at]!r}" if problem_ids is not None else f"problem number {at}"
