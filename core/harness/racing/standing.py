"""How a race stands: the records that `Race.standing` hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.estimators import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Racer:
    """One candidate of a race."""

    name: str
    estimate: Estimate
    """Mean pass@k on these problems, corrected for the stopping rule; the interval speaks of these problems, and holds
    whenever the race stopped."""
    uncorrected: float
    """The plain estimate from all samples; the correction is the difference."""
    probability_best: float | None
    """On these problems; None with one candidate."""
    samples: int
    """A problem, when last looked at."""
    stopped_in_round: int | None = None
    """From 1; None for those in the race to the end."""
    stopped_by: str | None = None
    """The leader when it was stopped."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            "name": self.name,
            "estimate": self.estimate.to_json(),
            "uncorrected": self.uncorrected,
            "probability_best": self.probability_best,
            "samples": self.samples,
            "stopped_in_round": self.stopped_in_round,
            "stopped_by": self.stopped_by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A race after some complete round."""

    k: int
    level: float
    """Probability with which the rule never stops the one that is best on these problems."""
    racers: tuple[Racer, ...]
    """In the race's order of candidates."""
    leader: str
    """The highest plain estimate among those still in the race: the pick once it is over."""
    is_over: bool
    rounds: tuple[int, ...]
    """Samples a problem at each look that was made."""
    samples_spent: int
    """Over all candidates, benchmarks and problems."""
    full_budget: int
    """What sampling every candidate to the end would have taken."""
    notes: tuple[str, ...]
    """What a reader must be told: the target, the rule, the correction."""

    @property
    def share(self) -> float:
        """Samples spent over the full budget."""
        return self.samples_spent / self.full_budget

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            "k": self.k,
            "level": self.level,
            "leader": self.leader,
            "is_over": self.is_over,
            "rounds": list(self.rounds),
            "samples_spent": self.samples_spent,
            "full_budget": self.full_budget,
            "share": self.share,
            "racers": [racer.to_json() for racer in self.racers],
            "notes": list(self.notes),
        }
