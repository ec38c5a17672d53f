"""The part of result.json on contamination: what overlaps, and the scores without it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.estimators import mean_pass_at_k

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.result.candidate import Outcome
    from harness.result.measured import Measured, Phase
    from harness.values import Counts


def contamination(measured: Sequence[Measured], found: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    """Return the overlap as it was found, and each candidate's scores with and without the problems that overlap.

    Args:
        measured: all candidates.
        found: overlap.json of the step `overlap`, or this part of an earlier result.
        outcome: what is measured after RL.
    """
    tainted: dict[str, set[str]] = {}
    for row in found["overlap"]:
        tainted.setdefault(row["benchmark"], set()).update(match["problem"] for match in row["matches"])
    kept = _clean(measured[0].pre, tainted)
    return {
        "rule": found["rule"],
        "overlap": found["overlap"],
        "problems": {
            entry.benchmark: {
                "all": len(entry.problem_ids),
                "without": len(entry.problem_ids) - len(tainted.get(entry.benchmark, set()) & set(entry.problem_ids)),
            }
            for entry in next(iter(measured[0].pre.by_seed.values()))
        },
        "candidates": [
            {
                "name": one.name,
                "pre": _both(one.pre, tainted, 1),
                "outcome": _both(one.post, tainted, outcome.k) if one.post else None,
            }
            for one in measured
        ],
        "reason": None if kept else "every problem overlaps",
    }


def _both(phase: Phase, tainted: Mapping[str, set[str]], k: int) -> dict[str, Any]:
    clean = _clean(phase, tainted)
    return {
        "name": f"pass@{k}",
        "all": mean_pass_at_k(phase.all, k).to_json(),
        "without": mean_pass_at_k(clean, k).to_json() if clean else None,
    }


def _clean(phase: Phase, tainted: Mapping[str, set[str]]) -> list[Counts]:
    """Return the counts without the problems that overlap; a benchmark of which none is left drops out."""
    left = []
    for entry in phase.all:
        keep = np.array([name not in tainted.get(entry.benchmark, ()) for name in entry.problem_ids], dtype=bool)
        if keep.any():
            left.append(
                replace(
                    entry,
                    problem_ids=tuple(name for name, stays in zip(entry.problem_ids, keep, strict=True) if stays),
                    num_samples=entry.num_samples[keep],
                    num_correct=entry.num_correct[keep],
                    num_majority=None,
                    majority_correct=None,
                    num_distinct=None,
                )
            )
    return left
