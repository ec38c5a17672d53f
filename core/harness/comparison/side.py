"""A and B as a user names them, read: `path/to/result.json` or `path/to/result.json::candidate`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError, MissingError, UserError, suggest
from harness.result.counts import read_counts_table
from harness.result.recorded import counts_beside, read_result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.result.counts import ByPhase

MARK = "::"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison."""

    path: Path
    study: str
    candidate: str | None
    """None: all candidates of the result."""
    counts: Mapping[str, ByPhase]
    """By candidate, phase and seed."""

    @property
    def name(self) -> str:
        """The candidate, or the file where all are meant."""
        return self.candidate or str(self.path)


def read_sides(a: str, b: str) -> tuple[Side, Side]:
    """Read both sides.

    Args:
        a: `result.json` or `result.json::candidate`.
        b: the same, or `::candidate` for another candidate of the result that `a` names.

    Raises:
        DataError: a result or its counts cannot be read.
        MissingError: no counts beside a result, or no such candidate.
        UserError: a candidate on one side only, or the same thing twice.
    """
    path_a, name_a = _split(a)
    path_b, name_b = _split(b)
    if path_a is None:
        raise UserError(f"compare: A is {a!r}; name a result.json before '{MARK}'")
    if (name_a is None) != (name_b is None):
        one, other = ("A", "B") if name_b is None else ("B", "A")
        raise UserError(
            f"compare: {one} names a candidate and {other} does not; "
            f"write result.json{MARK}candidate on both sides or on neither"
        )
    same = path_b is None or path_b == path_a
    if same and name_a == name_b:
        raise UserError(f"compare: A and B are the same, {a!r}; name two candidates or two results")
    left = _read(path_a, name_a)
    if same:
        return left, _pick(left, name_b)
    return left, _read(path_b or path_a, name_b)


def _split(text: str) -> tuple[Path | None, str | None]:
    """Part a path from a candidate; a candidate may hold the mark itself, and so may a path that exists."""
    if MARK not in text or Path(text).exists():
        return Path(text), None
    path, name = text.split(MARK, 1)
    return Path(path) if path else None, name


def _read(path: Path, candidate: str | None) -> Side:
    result = read_result(path)
    beside = counts_beside(path)
    if beside is None:
        raise MissingError(
            f"{path}: no counts beside it ({path.with_suffix('.counts.parquet').name} or counts.parquet); "
            "a paired comparison needs them, copy them along"
        )
    counts = read_counts_table(beside)
    stray = sorted(set(counts) ^ {one["name"] for one in result["candidates"]})
    if stray:
        raise DataError(
            f"{beside}: candidate {stray[0]!r} is not in both the counts and {path.name}; copy them again together"
        )
    return _pick(Side(path=path, study=result["study"], candidate=None, counts=counts), candidate)


def _pick(side: Side, candidate: str | None) -> Side:
    if candidate is not None and candidate not in side.counts:
        raise MissingError(f"{side.path}: no candidate {candidate!r}; {suggest(candidate, side.counts)}")
    return Side(path=side.path, study=side.study, candidate=candidate, counts=side.counts)
