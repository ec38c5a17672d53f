"""Validity against RL compute: does a proxy foretell the start of RL, or its end?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import DataError
from harness.estimators import Estimate
from harness.validity.association import decision_accuracy, pearson, spearman
from harness.validity.column import ProxyColumn, check_board
from harness.validity.interval import IntervalMethod, squared
from harness.validity.measure import Terms, estimate, pair_up, point, replicate
from harness.validity.resamples import draw_resamples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from harness.validity.association import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class StepValidity:
    """How well a proxy foretold the outcome after so many RL steps."""

    step: float
    """RL steps, or any other measure of RL compute."""
    n: int
    spearman: Estimate
    r2: Estimate
    decision_accuracy: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        estimates = {name: getattr(self, name).to_json() for name in ("spearman", "r2", "decision_accuracy")}
        return {"step": self.step, "n": self.n, **estimates}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidityAlong:
    """One proxy's validity as a function of RL compute."""

    name: str
    direction: str
    points: tuple[StepValidity, ...]
    """By step, ascending."""
    change: Estimate
    """Spearman at the last step less that at the first, on the candidates that have both outcomes, paired."""
    note: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            "name": self.name,
            "direction": self.direction,
            "points": [entry.to_json() for entry in self.points],
            "change": self.change.to_json(),
            "note": self.note,
        }


def judge_along(
    columns: Sequence[ProxyColumn],
    outcomes_by_step: Mapping[float, ArrayLike],
    *,
    families: Sequence[str],
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
    min_candidates: int = 10,
    method: IntervalMethod = "percentile",
) -> list[ValidityAlong]:
    """Judge every proxy against the outcome at each amount of RL compute.

    The resamples are the same at every step and for every proxy, and the same as `judge`'s with the same seed, so that
    the last step agrees with the board to the digit.

    Args:
        columns: the proxies; NaN where one is undefined.
        outcomes_by_step: amount of RL (steps, tokens, FLOPs) to outcomes, shape (candidates,) each; NaN where there is none.
        families: shape (candidates,).
        resamples: bootstrap resamples.
        seed: of the resamples.
        level: nominal coverage.
        min_candidates: under this, values come without intervals.
        method: `percentile` or `bca`; the change is always percentile.

    Returns:
        One entry a column, in their order.

    Raises:
        DataError: no steps, lengths that do not fit, or an infinite value.
        UserError: duplicate names.
    """
    if not outcomes_by_step or not columns:
        raise DataError("validity against compute: needs at least one proxy and outcomes at one step")
    outcomes = {step: np.asarray(outcomes_by_step[step], dtype=np.float64) for step in sorted(outcomes_by_step)}
    for outcome in outcomes.values():
        check_board(columns, outcome, families, columns[0].name)
    drawn = draw_resamples(families, resamples, seed)
    terms = Terms(resamples=drawn, method=method, level=level, min_candidates=min_candidates)
    return [
        ValidityAlong(
            name=column.name,
            direction="higher" if column.higher_is_better else "lower",
            points=tuple(_at(step, column.claimed(), outcomes[step], terms) for step in outcomes),
            change=_change(column.claimed(), list(outcomes.values()), terms),
            note=drawn.note,
        )
        for column in columns
    ]


def _at(step: float, claimed: Floats, outcome: Floats, terms: Terms) -> StepValidity:
    """Judge one proxy at one step."""
    pair = pair_up(claimed, outcome)
    undefined = pair.why_undefined()
    empty = Estimate(value=None, level=terms.level, reason=undefined)
    return StepValidity(
        step=step,
        n=pair.n,
        spearman=empty if undefined else estimate(spearman, pair, terms),
        r2=empty if undefined else squared(estimate(pearson, pair, terms)),
        decision_accuracy=empty if undefined else estimate(decision_accuracy, pair, terms),
    )


def _change(claimed: Floats, outcomes: Sequence[Floats], terms: Terms) -> Estimate:
    """Estimate how Spearman moved from the first step to the last."""
    if len(outcomes) < 2:
        return Estimate(value=None, level=terms.level, reason="outcomes at one step only")
    both = np.where(np.isfinite(outcomes[0]) & np.isfinite(outcomes[-1]), claimed, np.nan)
    first, last = pair_up(both, outcomes[0]), pair_up(both, outcomes[-1])
    undefined = first.why_undefined() or last.why_undefined()
    if undefined:
        return Estimate(value=None, level=terms.level, reason=undefined)
    value = point(spearman, last) - point(spearman, first)
    if last.n < terms.min_candidates:
        reason = f"insufficient (n < {terms.min_candidates})"
        return Estimate(value=value, level=terms.level, reason=reason)
    weights = terms.resamples.weights
    moved = replicate(spearman, last, weights) - replicate(spearman, first, weights)
    return terms.interval(value, moved)
