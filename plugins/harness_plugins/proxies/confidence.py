"""How probable a model finds its own samples, right and wrong ones apart; two proxies read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import SampleTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """The samples of all benchmarks together; aligned arrays of shape (samples,)."""

    probability: NDArray[np.float64]
    """Geometric mean of a sample's token probabilities, exp(logprob / tokens)."""
    correct: NDArray[np.bool_]
    problem: NDArray[np.int64]
    """Which problem, numbered from 0 over all benchmarks."""


def sampled_confidence(tables: Sequence[SampleTable]) -> Confidence | str:
    """Return the confidence of all samples that have tokens, or why it cannot be told apart by correctness."""
    import numpy as np

    problems, start = [], 0
    for table in tables:
        names, owner = np.unique(table.problem_ids, return_inverse=True)
        problems.append(owner + start)
        start += len(names)
    if not problems:
        return "no benchmark was sampled"
    problem = np.concatenate(problems)
    tokens = np.concatenate([table.num_tokens for table in tables])
    logprob = np.concatenate([table.logprob for table in tables])
    correct = np.concatenate([table.correct for table in tables])
    used = tokens > 0
    if np.isnan(logprob[used]).any():
        return "the log-probability of some sample is not a number"
    found = Confidence(
        probability=np.exp(logprob[used] / tokens[used]), correct=correct[used], problem=problem[used].astype(np.int64)
    )
    if not found.correct.any():
        return "no sample is right"
    return "no sample is wrong" if found.correct.all() else found
