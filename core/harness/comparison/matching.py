"""What two sides have in common: a comparison is paired, so problems on one side only have no place in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.values import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What stood on one side only and was left out."""

    candidates: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    problems: Mapping[str, int] = field(default_factory=dict)
    """How many, by benchmark."""

    def __or__(self, other: Dropped) -> Dropped:
        """Join what two comparisons left out; of a benchmark's problems the larger number stands."""
        names = [*self.problems, *other.problems]
        return Dropped(
            candidates=tuple(dict.fromkeys((*self.candidates, *other.candidates))),
            benchmarks=tuple(dict.fromkeys((*self.benchmarks, *other.benchmarks))),
            problems={name: max(self.problems.get(name, 0), other.problems.get(name, 0)) for name in names},
        )

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            "candidates": list(self.candidates),
            "benchmarks": list(self.benchmarks),
            "problems": dict(self.problems),
        }


def match(
    a: Sequence[Counts], b: Sequence[Counts], *, where: str, is_common: bool
) -> tuple[list[Counts], list[Counts], Dropped]:
    """Return both sides on the same benchmarks and problems.

    Args:
        a: one entry a benchmark and seed.
        b: the same.
        where: for messages.
        is_common: leave out what stands on one side only, instead of refusing.

    Raises:
        DataError: something stands on one side only and `is_common` is False, or nothing is common.
    """
    ids = {side: _problem_ids(counts, where) for side, counts in (("A", a), ("B", b))}
    benchmarks = _one_sided(ids["A"], ids["B"])
    if benchmarks and not is_common:
        raise DataError(
            f"{where}: benchmark {benchmarks[0]!r} is on one side only; compare the same ones, or leave it out with --common"
        )
    kept = {name: set(ids["A"][name]) & set(ids["B"][name]) for name in ids["A"] if name in ids["B"]}
    lost = {name: len(set(ids["A"][name]) ^ set(ids["B"][name])) for name in kept}
    for name, number in lost.items():
        if number and not is_common:
            odd = min(set(ids["A"][name]) ^ set(ids["B"][name]))
            every = len(set(ids["A"][name]) | set(ids["B"][name]))
            raise DataError(
                f"{where}: {name}: {number} of {every} problems on one side only, {odd!r} for one; "
                "compare the same problems, or leave these out with --common"
            )
    kept = {name: problems for name, problems in kept.items() if problems}
    if not kept:
        raise DataError(f"{where}: no problem is common to both sides; compare results on the same benchmarks")
    dropped = Dropped(
        benchmarks=(*benchmarks, *(name for name in lost if name not in kept)),
        problems={name: number for name, number in lost.items() if number and name in kept},
    )
    return _only(a, kept), _only(b, kept), dropped


def _problem_ids(counts: Sequence[Counts], where: str) -> dict[str, tuple[str, ...]]:
    """Return the problems of each benchmark, which all seeds must share."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in counts:
        known = found.setdefault(entry.benchmark, entry.problem_ids)
        if set(known) != set(entry.problem_ids):
            raise DataError(f"{where}: {entry.benchmark}: its seeds hold different problems; run the study again")
    return found


def _one_sided(a: Iterable[str], b: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(a) ^ set(b)))


def _only(counts: Sequence[Counts], kept: Mapping[str, set[str]]) -> list[Counts]:
    found = []
    for entry in counts:
        if entry.benchmark in kept:
            rows = np.flatnonzero([problem in kept[entry.benchmark] for problem in entry.problem_ids])
            found.append(
                replace(
                    entry,
                    problem_ids=tuple(entry.problem_ids[row] for row in rows),
                    num_samples=entry.num_samples[rows],
                    num_correct=entry.num_correct[rows],
                    num_majority=None,
                    majority_correct=None,
                    num_distinct=None,
                )
            )
    return found
