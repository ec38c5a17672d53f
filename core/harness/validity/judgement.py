"""What a board says of each proxy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.estimators import Estimate
from harness.estimators.estimate import finite
from harness.validity.hits import HitRate
from harness.validity.splits import SplitScore


@dataclass(frozen=True, slots=True, kw_only=True)
class VsBaseline:
    """Spearman's rho of a proxy less that of the baseline, on the candidates both are defined for."""

    difference: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    """Two-sided, from the paired bootstrap."""
    p_holm: float | None = None
    """Adjusted over the board's contenders (neither baseline nor trivial)."""
    n: int = 0
    method: str = ""
    reason: str | None = None
    """Why something is missing."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        numbers = {name: finite(getattr(self, name)) for name in ("difference", "low", "high", "p", "p_holm")}
        return {**numbers, "n": self.n, "method": self.method, **({"reason": self.reason} if self.reason else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How well one proxy foretold the outcome; its direction applied, so a positive rho means it points as claimed."""

    name: str
    direction: str
    """`higher` or `lower`: which is claimed to be better."""
    trivial: bool
    n: int
    """Candidates with both a reading and an outcome."""
    families: int
    """Families among those."""
    spearman: Estimate
    r2: Estimate
    kendall: Estimate
    predictive_r2: SplitScore
    decision_accuracy: Estimate
    top1_regret: Estimate
    """Outcome points lost by taking the proxy's pick instead of the best."""
    top1_hit: HitRate
    """Whether the proxy's pick is the best candidate."""
    top3_hit: HitRate
    """Whether the best candidate is among the proxy's first three."""
    vs_baseline: VsBaseline | None
    """None for the baseline itself."""
    by_family: Mapping[str, Estimate] = field(default_factory=dict)
    """Spearman within each family of at least 3, where there are several families; no intervals."""
    cost: Mapping[str, float] = field(default_factory=dict)
    verdict: str
    """`undefined`, `insufficient (n < 10)`, `baseline`, `trivial`, `better than baseline`, `worse than baseline` or
    `not distinguishable from baseline`."""
    scope: str = ""
    """What the intervals speak of: further candidates of the same family, say."""
    note: str | None = None
    """What a reader must be told, clauses joined by semicolons."""

    def to_json(self) -> dict[str, Any]:
        """Return the form of result.json's `proxies[]`, JSON-safe."""
        estimates = ("spearman", "r2", "kendall", "predictive_r2", "decision_accuracy", "top1_regret")
        hits = ("top1_hit", "top3_hit")
        return {
            "name": self.name,
            "direction": self.direction,
            "trivial": self.trivial,
            "n": self.n,
            "families": self.families,
            **{name: getattr(self, name).to_json() for name in (*estimates, *hits)},
            "vs_baseline": self.vs_baseline.to_json() if self.vs_baseline else None,
            "by_family": {family: finite(rho.value) for family, rho in self.by_family.items()},
            "cost": {name: finite(amount) for name, amount in self.cost.items()},
            "verdict": self.verdict,
            "scope": self.scope,
            "note": self.note,
        }
