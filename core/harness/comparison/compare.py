"""The whole comparison: phases, values of k, benchmarks, candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.comparison.matching import Dropped, match
from harness.comparison.paired import compare_counts
from harness.errors import DataError, MissingError
from harness.validity import rl_gain
from harness.validity.multiplicity import holm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.comparison.side import Side
    from harness.values import Counts

SCHEMA_VERSION = 1
FEW_PROBLEMS = 20
"""Below this many problems a percentile interval is too narrow, and a note says so."""
PHASES = {"pre": "before RL", "post": "after RL"}

Phases = Literal["pre", "post", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The counts of two candidates at one phase, on the same problems."""

    a: str
    b: str
    phase: str
    counts_a: Sequence[Counts]
    counts_b: Sequence[Counts]
    seeds: tuple[int, int]
    """How many on either side."""

    @property
    def largest_k(self) -> int:
        """The largest power of two that every problem has samples for."""
        fewest = min(int(entry.num_samples.min()) for entry in (*self.counts_a, *self.counts_b))
        return 1 << (fewest.bit_length() - 1)


def compare(
    a: Side,
    b: Side,
    *,
    phases: Phases = "both",
    ks: Sequence[int] = (),
    is_common: bool = False,
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare two candidates, or every candidate that two results share, paired by problem.

    Args:
        a: one side; effects are A minus B.
        b: the other.
        phases: before RL, after it, or both where both were measured on both sides.
        ks: of pass@k; empty: 1, and the largest power of two that every problem has samples for.
        is_common: leave out problems, benchmarks and candidates that stand on one side only.
        resamples: of bootstraps and sign patterns.
        seed: of both.

    Returns:
        A JSON-safe mapping: a, b, rows (one a candidate, phase and k; `per_benchmark` where A and B are candidates),
        mean_over_candidates (where they are results), dropped, notes.

    Raises:
        DataError: something stands on one side only, or nothing is common.
        MissingError: the phase asked for was not measured.
        TooFewSamplesError: some problem has fewer than k samples.
    """
    pairs, dropped = _pairs(a, b, phases, is_common)
    settings = {"resamples": resamples, "seed": seed}
    is_many = a.candidate is None
    rows = [_row(pair, k, settings, is_many) for pair in pairs for k in (ks or sorted({1, pair.largest_k}))]
    over: list[dict[str, Any]] = []
    if is_many:
        _adjust(rows)
        over = list(_over_candidates(pairs, ks, settings))
    return {
        "schema_version": SCHEMA_VERSION,
        "a": {"result": str(a.path), "study": a.study, "candidate": a.candidate},
        "b": {"result": str(b.path), "study": b.study, "candidate": b.candidate},
        "effect": "a minus b, paired by problem",
        "rows": rows,
        "mean_over_candidates": over,
        "dropped": dropped.to_json(),
        "notes": list(_notes(pairs, rows, dropped)),
    }


def _pairs(a: Side, b: Side, phases: Phases, is_common: bool) -> tuple[list[Pair], Dropped]:
    if a.candidate is not None and b.candidate is not None:
        names, dropped = [(a.candidate, b.candidate)], Dropped()
    else:
        shared = [name for name in a.counts if name in b.counts]
        odd = tuple(sorted(set(a.counts) ^ set(b.counts)))
        if odd and not is_common:
            raise DataError(
                f"compare: candidate {odd[0]!r} is in one result only; compare the same ones, leave it out with --common, "
                "or name one on each side with result.json::candidate"
            )
        if not shared:
            raise DataError("compare: no candidate is in both results; name one on each side with result.json::candidate")
        names, dropped = [(name, name) for name in shared], Dropped(candidates=odd)
    pairs = []
    for name_a, name_b in names:
        for phase in _phases(a, b, name_a, name_b, phases):
            one, other = a.counts[name_a][phase], b.counts[name_b][phase]
            left, right, lost = match(
                [entry for entries in one.values() for entry in entries],
                [entry for entries in other.values() for entry in entries],
                where=f"compare: {name_a!r} and {name_b!r} {PHASES[phase]}" if name_a != name_b else f"compare: {name_a!r}",
                is_common=is_common,
            )
            dropped |= lost
            seeds = (len(one), len(other))
            pairs.append(Pair(a=name_a, b=name_b, phase=phase, counts_a=left, counts_b=right, seeds=seeds))
    return pairs, dropped


def _phases(a: Side, b: Side, name_a: str, name_b: str, wanted: Phases) -> list[str]:
    """Return the phases measured on both sides, or refuse one that was asked for by name and is not."""
    both = [phase for phase in PHASES if phase in a.counts[name_a] and phase in b.counts[name_b]]
    if wanted == "both" and both:
        return both
    if wanted in both:
        return [wanted]
    if wanted == "both":
        raise MissingError(f"compare: {name_a!r} and {name_b!r} were measured at no common phase; there is nothing to pair")
    side, name = (b, name_b) if wanted in a.counts[name_a] else (a, name_a)
    raise MissingError(f"{side.path}: candidate {name!r} was not measured {PHASES[wanted]}; choose another --phase")


def _row(pair: Pair, k: int, settings: dict[str, int], is_many: bool) -> dict[str, Any]:
    """Compare one pair, and its benchmarks one by one unless there are many pairs."""
    whole = compare_counts(pair.counts_a, pair.counts_b, k, **settings)
    benchmarks = list(dict.fromkeys(entry.benchmark for entry in pair.counts_a))
    parts = {}
    for name in benchmarks if len(benchmarks) > 1 and not is_many else ():
        one, other = ([e for e in side if e.benchmark == name] for side in (pair.counts_a, pair.counts_b))
        parts[name] = compare_counts(one, other, k, **settings)
    return {
        "candidate_a": pair.a,
        "candidate_b": pair.b,
        "phase": pair.phase,
        "k": k,
        "seeds": list(pair.seeds),
        **whole.to_json(),
        "per_benchmark": [{"benchmark": name, **part.to_json()} for name, part in parts.items()],
    }


def _adjust(rows: Sequence[dict[str, Any]]) -> None:
    """Add Holm's p over the candidates of each phase and k: several candidates are several chances of a small p."""
    for phase, k in {(row["phase"], row["k"]) for row in rows}:
        own = {row["candidate_a"]: row for row in rows if (row["phase"], row["k"]) == (phase, k)}
        adjusted = holm({name: row["sign_flip"]["p"] for name, row in own.items()})
        for name, row in own.items():
            row["sign_flip"]["p_holm"] = adjusted[name]


def _over_candidates(pairs: Sequence[Pair], ks: Sequence[int], settings: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the mean over candidates for each phase and k, where --common left all of them the same problems."""
    for phase in dict.fromkeys(pair.phase for pair in pairs):
        own = [pair for pair in pairs if pair.phase == phase]
        if len({frozenset((e.benchmark, p) for e in pair.counts_a for p in e.problem_ids) for pair in own}) > 1:
            continue
        for k in ks or sorted({1, min(pair.largest_k for pair in own)}):
            before = {pair.a: pair.counts_b for pair in own}
            after = {pair.a: pair.counts_a for pair in own}
            estimate = rl_gain(before, after, k=k, resamples=settings["resamples"], seed=settings["seed"])
            yield {"phase": phase, "k": k, "candidates": len(own), "difference": estimate.to_json()}


def _notes(pairs: Sequence[Pair], rows: Sequence[dict[str, Any]], dropped: Dropped) -> Iterator[str]:
    if dropped.candidates:
        yield f"left out, in one result only: {', '.join(dropped.candidates)}"
    if dropped.benchmarks:
        yield f"benchmarks left out, on one side only: {', '.join(dropped.benchmarks)}"
    for name, number in dropped.problems.items():
        yield f"{name}: left out on one side only: {number} problem{'s' if number > 1 else ''}"
    most = max(max(pair.seeds) for pair in pairs)
    if most > 1:
        yield "several seeds are averaged by problem: this speaks of these runs, not of further seeds"
    else:
        yield "one training run a side: another seed of the same recipe may differ by more than these intervals"
    fewest = min(part["problems"] for row in rows for part in (row, *row["per_benchmark"]))
    if fewest < FEW_PROBLEMS:
        yield f"{fewest} problems: the bootstrap interval is too narrow, go by the exact tests"
    if len({row["k"] for row in rows}) > 1 or any(row["per_benchmark"] for row in rows):
        yield "p values are not adjusted for several k, phases or benchmarks"
