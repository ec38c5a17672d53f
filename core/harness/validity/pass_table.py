"""Mean pass@k of every candidate on every benchmark, for several k, from counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError
from harness.estimators import pass_at_k

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.validity.association import Floats
    from harness.values import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTable:
    """Mean over problems (and seeds) of pass@k."""

    ks: tuple[int, ...]
    benchmarks: tuple[str, ...]
    values: Floats
    """Shape (ks, candidates, benchmarks)."""

    def overall(self) -> dict[int, Floats]:
        """Return the mean over benchmarks by k, shape (candidates,) each."""
        return dict(zip(self.ks, self.values.mean(axis=2), strict=True))

    def on(self, benchmark: str) -> dict[int, Floats]:
        """Return one benchmark's column by k, shape (candidates,) each."""
        return dict(zip(self.ks, self.values[:, :, self.benchmarks.index(benchmark)], strict=True))

    def without(self, benchmark: str) -> dict[int, Floats]:
        """Return the mean over all other benchmarks by k, shape (candidates,) each."""
        others = [place for place, name in enumerate(self.benchmarks) if name != benchmark]
        return dict(zip(self.ks, self.values[:, :, others].mean(axis=2), strict=True))


def doubling_ks(most: int) -> tuple[int, ...]:
    """Return 1, 2, 4, … up to `most`, and `most` itself."""
    return tuple(sorted({2**i for i in range(most.bit_length())} | {most}))


def pass_table(counts_by_candidate: Mapping[str, Sequence[Counts]], ks: Sequence[int] | None = None) -> PassTable:
    """Estimate pass@k of all candidates at once.

    The same means as `harness.estimators.mean_pass_at_k` without the intervals: over problems, then seeds, then (in
    `overall`) benchmarks, each estimate unbiased and every benchmark of equal weight.

    Args:
        counts_by_candidate: the same benchmarks and problems for all; several entries of one benchmark are seeds.
        ks: which k; None: `doubling_ks` of the fewest samples any problem has.

    Raises:
        TooFewSamplesError: some problem has fewer than k samples.
        DataError: no candidates, or candidates that differ in benchmarks or problems.
    """
    entries = [(place, entry) for place, counts in enumerate(counts_by_candidate.values()) for entry in counts]
    benchmarks = _check(counts_by_candidate, entries)
    correct = np.concatenate([entry.num_correct for _, entry in entries])
    samples = np.concatenate([entry.num_samples for _, entry in entries])
    wanted = tuple(ks) if ks is not None else doubling_ks(int(samples.min()))
    sizes = np.array([len(entry.problem_ids) for _, entry in entries])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    columns = {name: number for number, name in enumerate(benchmarks)}
    cell = np.array([place * len(benchmarks) + columns[entry.benchmark] for place, entry in entries])
    shape = len(counts_by_candidate), len(benchmarks)
    seeds = np.bincount(cell, minlength=shape[0] * shape[1])
    values = np.empty((len(wanted), *shape))
    ids = [problem for _, entry in entries for problem in entry.problem_ids]
    for number, k in enumerate(wanted):
        means = np.add.reduceat(pass_at_k(correct, samples, k, problem_ids=ids), starts) / sizes
        values[number] = (np.bincount(cell, weights=means, minlength=len(seeds)) / seeds).reshape(shape)
    return PassTable(ks=wanted, benchmarks=benchmarks, values=values)


def _check(counts_by_candidate: Mapping[str, Sequence[Counts]], entries: Sequence[tuple[int, Counts]]) -> tuple[str, ...]:
    """Return the benchmarks; refuse candidates that were not measured on the same ones and the same problems."""
    if not entries:
        raise DataError("counts: there are no candidates; give at least one")
    names = list(counts_by_candidate)
    first = {entry.benchmark: entry.problem_ids for place, entry in entries if place == 0}
    for name, counts in counts_by_candidate.items():
        unmatched = sorted(set(first).symmetric_difference(entry.benchmark for entry in counts))
        if unmatched:
            raise DataError(
                f"counts: benchmark {unmatched[0]!r} was measured for only one of {names[0]!r} and {name!r}; "
                "compare candidates on the same benchmarks"
            )
    for place, entry in entries:
        ids = first[entry.benchmark]
        if not ids:
            raise DataError(f"counts: benchmark {entry.benchmark!r} has no problems; give at least one")
        if entry.problem_ids != ids and sorted(entry.problem_ids) != sorted(ids):
            raise DataError(
                f"counts: benchmark {entry.benchmark!r}: {names[place]!r} and {names[0]!r} were not measured on the same "
                "problems; compare counts of the same problems, each once"
            )
    return tuple(first)
