"""pass@k for every k against the outcome: which k foretells it best, and does a larger k earn its samples?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import DataError
from harness.estimators import Estimate
from harness.validity.grid import brief, rho_grid
from harness.validity.measure import Terms
from harness.validity.resamples import draw_resamples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True)
class KPoint:
    """One k against one outcome."""

    k: int
    """Also its cost: the fewest samples a problem with which pass@k can be estimated without bias."""
    spearman: Estimate
    vs_pass_at_1: Estimate | None
    """Spearman less that of pass@1, paired, not adjusted for the number of k; None for k = 1."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        versus = brief(self.vs_pass_at_1) if self.vs_pass_at_1 else None
        return {"k": self.k, "samples": self.k, "spearman": brief(self.spearman), "vs_pass_at_1": versus}


@dataclass(frozen=True, slots=True, kw_only=True)
class KSweep:
    """All k against the outcome after so much RL."""

    step: float
    n: int
    """Candidates with an outcome."""
    points: tuple[KPoint, ...]
    """By k, ascending."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping; the method of the intervals stands once."""
        methods = (estimate.method for p in self.points for estimate in (p.spearman, p.vs_pass_at_1) if estimate)
        return {
            "step": self.step,
            "n": self.n,
            "method": next((method for method in methods if method), ""),
            "level": self.points[0].spearman.level,
            "points": [point.to_json() for point in self.points],
        }


def k_sweep(
    pass_at: Mapping[int, ArrayLike],
    outcomes_by_step: Mapping[float, ArrayLike],
    *,
    families: Sequence[str],
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
    min_candidates: int = 10,
) -> list[KSweep]:
    """Correlate pass@k with the outcome for every k, at each amount of RL.

    The resamples are those of `judge` with the same seed.

    Args:
        pass_at: k to pass@k before RL, shape (candidates,), no NaN; `pass_table(counts).overall()` gives it. k = 1 among
            them.
        outcomes_by_step: amount of RL to outcomes, shape (candidates,) each; NaN where there is none.
        families: shape (candidates,).
        resamples: bootstrap resamples.
        seed: of the resamples.
        level: nominal coverage.
        min_candidates: under this, values come without intervals.

    Returns:
        One entry an amount of RL, ascending.

    Raises:
        DataError: no k = 1, no outcomes, or a pass@k that is not known for every candidate.
    """
    ks, steps = sorted(pass_at), sorted(outcomes_by_step)
    if 1 not in pass_at or not steps:
        raise DataError("k sweep: needs pass@1 and outcomes at one step at least")
    columns = [np.asarray(pass_at[k], dtype=np.float64) for k in ks]
    if not np.isfinite(columns).all():
        raise DataError("k sweep: some candidate has no pass@k; leave it out")
    drawn = draw_resamples(families, resamples, seed)
    terms = Terms(resamples=drawn, method="percentile", level=level, min_candidates=min_candidates)
    grid = rho_grid(columns, [np.asarray(outcomes_by_step[step], dtype=np.float64) for step in steps], terms)
    first = ks.index(1)
    return [
        KSweep(
            step=step,
            n=int(grid.sizes[first, at]),
            points=tuple(
                KPoint(
                    k=k,
                    spearman=grid.estimate(place, at),
                    vs_pass_at_1=None if k == 1 else grid.difference(place, first, at),
                )
                for place, k in enumerate(ks)
            ),
        )
        for at, step in enumerate(steps)
    ]
