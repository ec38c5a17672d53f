"""What happens during a study, one frozen object an event; event hooks receive these and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInfo:
    """A step as people see it."""

    key: str
    kind: str
    title: str
    """For people: "train rl · half x2 · seed 3"."""
    candidate: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyStarted:
    """The plan stands and work begins."""

    study: str
    steps: Sequence[StepInfo]
    """All steps, in plan order."""
    cached: frozenset[str]
    """Keys of the steps that need no work."""
    workers: int
    folder: Path
    """Where result.json will lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A worker began a step."""

    step: StepInfo
    attempt: int
    """1 for the first; more after a kill or a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgressed:
    """A running step told how far it is."""

    step: StepInfo
    done: float
    total: float
    seconds: float
    """Seconds so far in this attempt."""
    note: str = ""
    out: Path | None = None
    """Where its artifact grows; a trainer's metrics.jsonl may stand there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """A step's artifact stands in the store."""

    step: StepInfo
    seconds: float
    """Seconds over all attempts."""
    tokens: int
    elsewhere: bool = False
    """Another run on the same store did the work."""
    artifact: Path | None = None
    """Where its artifact stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed:
    """A step failed; the study goes on with what does not depend on it, then ends 1."""

    step: StepInfo
    error: str
    log: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFinished:
    """The study ended."""

    study: str
    folder: Path
    seconds: float
    status: str
    """`done`, `failed` or `interrupted`."""
    result: Mapping[str, Any] | None = None
    """result.json, where it was written."""
