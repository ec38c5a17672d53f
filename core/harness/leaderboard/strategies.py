"""The board of strategies: within a track, candidates by their outcome after RL, with rank intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import DataError, HarnessError
from harness.leaderboard.entry import LeftOut
from harness.leaderboard.ranks import (
    FEWEST_PROBLEMS,
    RankInterval,
    SeedSpread,
    decide,
    paired_p_values,
    rank_intervals,
    seed_spread,
)
from harness.leaderboard.track import Track, track_of
from harness.result.counts import read_counts_table
from harness.result.recorded import TOLERANCE, is_pass_at
from harness.validity.matrix import problem_matrices

if TYPE_CHECKING:
    from harness.leaderboard.entry import Entry
    from harness.values import Counts

    Rows = list["Candidate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One candidate of one result, with its counts after RL."""

    entry: Entry
    row: Mapping[str, Any]
    """Its entry in result.json."""
    counts: Mapping[int, Sequence[Counts]]
    """By seed."""

    @property
    def value(self) -> float:
        """The outcome."""
        return float(self.row["outcome"]["value"])

    @property
    def all_counts(self) -> list[Counts]:
        """Of all seeds."""
        return [one for counts in self.counts.values() for one in counts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A candidate's place."""

    candidate: Candidate
    ranks: RankInterval | None
    """Among the candidates of its track, for these problems' kind and further training runs; None: see the board."""
    ranks_of_runs: RankInterval | None
    """The same for the very runs measured."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        row = self.candidate.row
        kept = ("name", "family", "kind", "curation", "details", "train_tokens", "outcome", "gain")
        return {
            "ranks": self.ranks.to_json() if self.ranks else None,
            "ranks_of_runs": self.ranks_of_runs.to_json() if self.ranks_of_runs else None,
            "result": self.candidate.entry.id,
            **{name: row[name] for name in kept},
            "pre": row["pre"],
            "problems_counted_in": self.candidate.entry.counts.name if self.candidate.entry.counts else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyBoard:
    """One track."""

    track: Track
    standings: tuple[Standing, ...]
    """Best outcome first."""
    spread: SeedSpread | None
    reason: str | None
    """Why there are no rank intervals."""
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        seeds = None
        if self.spread:
            seeds = {"sd_of_one_run": self.spread.variance**0.5, "degrees_of_freedom": self.spread.freedom}
        return {
            "track": self.track.to_json(),
            "candidates": [standing.to_json() for standing in self.standings],
            "seeds": seeds,
            "reason": self.reason,
            "notes": list(self.notes),
        }


def strategy_boards(entries: Sequence[Entry]) -> tuple[list[StrategyBoard], list[LeftOut]]:
    """Rank the candidates of every track; results that cannot take part are left out, and said."""
    tracks: dict[str, tuple[Track, Rows]] = {}
    lost = []
    for entry in entries:
        try:
            candidates = _candidates(entry)
        except HarnessError as error:
            lost.append(LeftOut(what=entry.id, why=str(error)))
            continue
        for one in candidates:
            track = track_of(entry, one.row["family"], next(iter(one.counts.values())))
            tracks.setdefault(track.key, (track, []))[1].append(one)
    boards = [_board(track, rows) for track, rows in tracks.values()]
    return sorted(boards, key=lambda board: (-len(board.standings), board.track.key)), lost


def _candidates(entry: Entry) -> Rows:
    """Read an entry's counts after RL, and refuse those that give another outcome than the result."""
    if not entry.has_outcomes:
        raise DataError("no RL in this study: there are no outcomes to rank by")
    if entry.counts is None:
        raise DataError("no per-problem counts beside it: a paired comparison needs them")
    table = read_counts_table(entry.counts)
    found = []
    for row in entry.result["candidates"]:
        by_seed = table.get(row["name"], {}).get("post", {})
        if set(by_seed) != set(entry.result["seeds"]):
            raise DataError(
                f"{entry.counts.name}: the counts of {row['name']!r} after RL are not those of the result's seeds"
            )
        one = Candidate(entry=entry, row=row, counts=by_seed)
        again = _mean(problem_matrices({row["name"]: one.all_counts}, _k(entry)))
        if row["outcome"]["value"] is None or abs(again - one.value) > TOLERANCE:
            raise DataError(
                f"{entry.counts.name}: the outcome of {row['name']!r} comes to {again:.6g} from the counts and stands as "
                f"{row['outcome']['value']} in the result; see harness registry verify"
            )
        found.append(one)
    return found


def _k(entry: Entry) -> int:
    k = is_pass_at(entry.result["outcome_metric"]["name"])
    if k is None:
        raise DataError(f"outcome metric {entry.result['outcome_metric']['name']!r} is not pass@k")
    return k


def _mean(matrices: Mapping[str, Any]) -> float:
    return float(np.mean([values.mean() for values in matrices.values()]))


def _board(track: Track, rows: Rows) -> StrategyBoard:
    rows = sorted(rows, key=lambda one: (-one.value, one.entry.id, one.row["name"]))
    k = _k(rows[0].entry)
    strata = list(problem_matrices({str(place): one.all_counts for place, one in enumerate(rows)}, k).values())
    by_seed = [{seed: _mean(problem_matrices({"": counts}, k)) for seed, counts in one.counts.items()} for one in rows]
    spread = seed_spread(by_seed)
    reason = _why_not(track, rows)
    ranks = None if reason else rank_intervals(decide(paired_p_values(strata, spread)))
    runs = None if reason else rank_intervals(decide(paired_p_values(strata)))
    return StrategyBoard(
        track=track,
        standings=tuple(
            Standing(
                candidate=one,
                ranks=ranks[place] if ranks else None,
                ranks_of_runs=runs[place] if runs else None,
            )
            for place, one in enumerate(rows)
        ),
        spread=spread,
        reason=reason,
        notes=tuple(_notes(track, rows, spread)),
    )


def _why_not(track: Track, rows: Rows) -> str | None:
    if len(rows) < 2:
        return "one candidate: nothing to compare it with"
    if track.num_problems < FEWEST_PROBLEMS:
        return f"insufficient ({track.num_problems} problems < {FEWEST_PROBLEMS})"
    return None


def _notes(track: Track, rows: Rows, spread: SeedSpread | None) -> list[str]:
    found = []
    if spread is None:
        found.append("one training run a candidate: the ranks speak of these very runs, another seed may rank otherwise")
    else:
        found.append(
            f"ranks allow for other problems of the same kind and for other training runs: one run's outcome moves by "
            f"{spread.variance**0.5:.3f} (sd from seed to seed, pooled over candidates, {spread.freedom} degrees of freedom)"
        )
    if track.alone:
        found.append(f"a track of its own: {track.alone}, so that no other study is known to be the same")
    if any(one.entry.components is None for one in rows):
        found.append(
            "versions of benchmark, grader, engine and trainer are not recorded; the distribution's version stands for them"
        )
    return found
