"""What it would have bought to run RL on a few candidates first: the line fitted on m of them, asked of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import UserError
from harness.validity.column import check_columns
from harness.validity.measure import pair_up
from harness.validity.predictors import linear
from harness.validity.splits import SplitScore, drawn_first, split_keys, summarise, tested_mae, tested_r2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from harness.validity.association import Floats
    from harness.validity.column import ProxyColumn
    from harness.validity.splits import Mask

FEWEST_RUNS = 3
"""Two points give a line that fits them exactly, whatever the proxy is worth."""
MOST_SIZES = 10
"""Points of the curve where none are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationPoint:
    """What the line is worth when m candidates, drawn at random, have been through RL."""

    calibration_runs: int
    """m: candidates whose outcome is known."""
    n: int
    """Candidates with a reading and an outcome."""
    r2: SplitScore
    """On the rest, about their own mean; needs two of them."""
    mae: SplitScore
    """On the rest, in outcome points."""
    regret: SplitScore
    """Outcome of the best candidate less that of the chosen one: the highest of m known and n - m predicted outcomes."""
    regret_known_only: SplitScore
    """The same when the best of the m known is chosen and the proxy is not asked."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        scores = {name: getattr(self, name).to_json() for name in ("r2", "mae", "regret", "regret_known_only")}
        return {"calibration_runs": self.calibration_runs, "n": self.n, **scores}


def calibration_curve(
    column: ProxyColumn,
    outcome: ArrayLike,
    *,
    sizes: Sequence[int] | None = None,
    splits: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> list[CalibrationPoint]:
    """Draw how prediction and choice improve with the number of candidates that were taken through RL.

    The draws are nested: the first m of one random order a split. What choosing costs without any RL run is the board's
    `top1_regret`.

    Args:
        column: the proxy.
        outcome: shape (candidates,); NaN where there is none.
        sizes: the m to show, each from 2 to n - 1; None: up to 10 from 3 to n - 1, evenly by ratio.
        splits: random orders.
        seed: of the orders.
        level: share of splits between low and high.

    Returns:
        One point a size, ascending; empty where the proxy is undefined, or n < 4.

    Raises:
        DataError: the lengths do not fit, or a value is infinite.
        UserError: a size out of range.
    """
    result = np.asarray(outcome, dtype=np.float64)
    check_columns([column], result, [""] * len(result))
    pair = pair_up(column.claimed(), result)
    if pair.why_undefined() or pair.n <= FEWEST_RUNS:
        return []
    wrong = [size for size in sizes or () if not 2 <= size < pair.n]
    if wrong:
        raise UserError(f"calibration curve: {wrong[0]} runs; give from 2 to {pair.n - 1} of the {pair.n} candidates")
    keys = split_keys(len(result), splits, seed)[:, pair.mask]
    shown = _spaced(pair.n) if sizes is None else sorted(set(sizes))
    return [_point(pair.proxy.values, pair.outcome.values, drawn_first(keys, size), level) for size in shown]


def _spaced(candidates: int) -> list[int]:
    """Return the default sizes."""
    ratios = np.geomspace(FEWEST_RUNS, candidates - 1, MOST_SIZES)
    return sorted({int(size) for size in np.rint(ratios)})


def _point(x: Floats, y: Floats, known: Mask, level: float) -> CalibrationPoint:
    """Score one size."""
    predicted = linear(x, y, known)
    scores = {
        "r2": tested_r2(predicted, y, ~known),
        "mae": tested_mae(predicted, y, ~known),
        "regret": _regret(np.where(known, y, predicted), y),
        "regret_known_only": _regret(np.where(known, y, -np.inf), y),
    }
    runs = int(known[0].sum())
    missing = "outcomes of the rest are all alike, or there is one only"
    what = f"random draws of {runs} calibration runs"
    return CalibrationPoint(
        calibration_runs=runs,
        n=len(y),
        **{name: summarise(score, what=what, missing=missing, level=level) for name, score in scores.items()},
    )


def _regret(expected: Floats, y: Floats) -> Floats:
    """Return the outcome lost by choosing the highest expected one, mean over ties, shape (splits,)."""
    chosen = expected == expected.max(axis=1, keepdims=True)
    regret: Floats = y.max() - chosen @ y / chosen.sum(axis=1)
    return np.maximum(regret, 0.0)
