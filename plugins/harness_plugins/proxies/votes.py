"""Majority votes over extracted answers, which two proxies read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import SampleTable, TooFewSamplesError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.estimators import ProblemValues


def majority_rates(table: SampleTable, k: int) -> ProblemValues:
    """Estimate, for each problem, the chance that the most frequent answer among k samples is right.

    The mean over its floor(n/k) disjoint blocks of k samples in order of index, which is without bias: each block is k fresh
    draws. Samples without an answer do not vote, a block without any answer is wrong, and of answers with equal votes the
    one seen first wins, as in the counts of the grade step.

    Args:
        table: its `answer` must be there.
        k: votes, at least 1.

    Raises:
        TooFewSamplesError: some problem has fewer than k samples; the message names it.
    """
    import numpy as np

    from harness.estimators import ProblemValues

    problems, owner = np.unique(table.problem_ids, return_inverse=True)
    samples = np.bincount(owner, minlength=len(problems))
    short = np.flatnonzero(samples < k)
    if short.size:
        raise TooFewSamplesError(
            f"majority@{k}: problem {str(problems[short[0]])!r} has {samples[short[0]]} samples; "
            f"draw at least {k} samples a problem or ask for a smaller k"
        )
    order = np.lexsort((table.index, owner))
    place = np.arange(len(order)) - (np.cumsum(samples) - samples)[owner[order]]
    kept = order[place < (samples // k * k)[owner[order]]]
    is_right = right_blocks(np.asarray(table.answer)[kept], table.correct[kept], k)
    rates = np.bincount(owner[kept[::k]], weights=is_right, minlength=len(problems)) / (samples // k)
    return ProblemValues(benchmark=table.benchmark, problem_ids=tuple(problems.tolist()), values=rates)


def right_blocks(answer: NDArray[np.int64], correct: NDArray[np.bool_], k: int) -> NDArray[np.float64]:
    """Return 1 for each run of k samples whose vote is right, else 0.

    Args:
        answer: which answer, -1 for none, shape (blocks * k,).
        correct: shape (blocks * k,).
        k: samples a block.
    """
    import numpy as np

    block = np.arange(len(answer)) // k
    voters = np.flatnonzero(answer >= 0)
    width = int(answer.max(initial=0)) + 1
    ballots, first, votes = np.unique(block[voters] * width + answer[voters], return_index=True, return_counts=True)
    ranking = np.lexsort((first, -votes, ballots // width))
    blocks, winner = np.unique(ballots[ranking] // width, return_index=True)
    is_right = np.zeros(len(answer) // k)
    is_right[blocks] = correct[voters[first[ranking[winner]]]]
    return is_right
