"""Predicting the outcome out of sample: which candidates are fitted, which are foretold, and how far off it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.validity.association import prepare
from harness.validity.column import check_columns
from harness.validity.measure import pair_up
from harness.validity.predictors import PREDICTORS, linear, rank_only, two_features
from harness.validity.splits import (
    SplitScore,
    halves,
    insufficient,
    split_keys,
    summarise,
    tested_mae,
    tested_r2,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from harness.validity.association import Floats
    from harness.validity.column import ProxyColumn
    from harness.validity.predictors import Predictor
    from harness.validity.splits import Mask

    Fit = Callable[[Mask], Floats]

HALF_SPLITS = "half-splits"
LEAVE_ONE_FAMILY_OUT = "leave-one-family-out"
FEWEST_FAMILIES = 3
"""Families from which one can be left out and still leave two to fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """How well a proxy foretold outcomes it was not fitted on."""

    proxy: str
    """Its name; `a + b` for two together."""
    predictor: str
    """`linear`, `isotonic` or `rank`; for two `mean of predictions`, `mean rank` or `two-feature regression`."""
    scheme: str
    """`half-splits` or `leave-one-family-out`."""
    r2: SplitScore
    """On the candidates not fitted; negative where their own mean would have been nearer."""
    mae: SplitScore
    """Mean absolute error on the same, in outcome points."""
    n: int
    """Candidates with a reading and an outcome."""
    reason: str | None = None
    """Why it is missing."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            "proxy": self.proxy,
            "predictor": self.predictor,
            "scheme": self.scheme,
            "n": self.n,
            "r2": self.r2.to_json(),
            "mae": self.mae.to_json(),
            **({"reason": self.reason} if self.reason else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """Which candidates are fitted, again and again; the others are tested."""

    name: str
    fitted: Mask
    """Shape (splits, n)."""
    is_partition: bool
    """Each candidate is tested once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What all predictions of a board share."""

    outcome: Floats
    families: NDArray[np.str_]
    keys: Floats
    """`split_keys`, shape (splits, candidates)."""
    level: float
    min_candidates: int
    kept: dict[bytes, tuple[Scheme, ...]] = field(default_factory=dict)
    """The schemes of each set of candidates, worked out once."""

    def schemes(self, mask: Mask) -> tuple[Scheme, ...]:
        """Return the schemes for these candidates."""
        found = self.kept.get(mask.tobytes())
        if found is None:
            half = Scheme(name=HALF_SPLITS, fitted=halves(self.keys[:, mask]), is_partition=False)
            names, member = np.unique(self.families[mask], return_inverse=True)
            found = (half,)
            if len(names) >= FEWEST_FAMILIES:
                apart = np.arange(len(names))[:, None] != member
                found = (half, Scheme(name=LEAVE_ONE_FAMILY_OUT, fitted=apart, is_partition=True))
            self.kept[mask.tobytes()] = found
        return found


def predict(
    columns: Sequence[ProxyColumn],
    outcome: ArrayLike,
    *,
    families: Sequence[str],
    splits: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    min_candidates: int = 10,
) -> list[Prediction]:
    """Predict the outcome from each proxy on candidates that were not fitted, by three predictors.

    `half-splits` is the paper's scheme (arXiv 2510.01624): fit on a random half, score on the rest, mean and sd over the
    splits, which are the same for every proxy defined for the same candidates. `leave-one-family-out`, where at least 3
    families have a candidate, fits on all families but one; its R2 is 1 - SSE / SST over all candidates, each foretold
    without its family, SST about their common mean.

    Args:
        columns: the proxies; NaN where one is undefined.
        outcome: shape (candidates,); NaN where there is none.
        families: shape (candidates,).
        splits: half splits to draw.
        seed: of the splits, as `judge`'s.
        level: share of splits between low and high.
        min_candidates: under this, scores come without low and high.

    Returns:
        For each column in turn: `linear`, `isotonic` and `rank` (see `harness.validity.predictors`) under each scheme.

    Raises:
        DataError: the lengths do not fit, or a value is infinite.
        UserError: two proxies of one name.
    """
    board = _board(columns, outcome, families, splits=splits, seed=seed, level=level, min_candidates=min_candidates)
    found: list[Prediction] = []
    for column in columns:
        claimed = column.claimed()
        mask = np.isfinite(claimed) & np.isfinite(board.outcome)
        x, y = claimed[mask], board.outcome[mask]
        fits = {name: _applied(predictor, x, y) for name, predictor in PREDICTORS.items()}
        found += _score(column.name, fits, mask, _why_undefined(board.outcome, claimed), board)
    return found


def predict_combined(
    first: ProxyColumn,
    second: ProxyColumn,
    outcome: ArrayLike,
    *,
    families: Sequence[str],
    splits: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    min_candidates: int = 10,
) -> list[Prediction]:
    """Predict the outcome from two proxies together, in `predict`'s schemes.

    - `mean of predictions`: the mean of the two lines' predictions.
    - `mean rank`: `rank` applied to the mean of the candidate's two ranks, each among all candidates that have both; their
      outcomes play no part in it.
    - `two-feature regression`: least squares on both proxies and a constant.

    arXiv 2510.01624 combines generalization loss and pass@64; sources disagree on which of these it means.

    Args:
        first: a proxy.
        second: another.
        outcome: shape (candidates,); NaN where there is none.
        families: shape (candidates,).
        splits: half splits to draw.
        seed: of the splits, as `predict`'s.
        level: share of splits between low and high.
        min_candidates: under this, scores come without low and high.

    Returns:
        The three under each scheme, named `first + second`.

    Raises:
        DataError: the lengths do not fit, or a value is infinite.
        UserError: both have one name.
    """
    pair = [first, second]
    board = _board(pair, outcome, families, splits=splits, seed=seed, level=level, min_candidates=min_candidates)
    a, b = first.claimed(), second.claimed()
    mask = np.isfinite(a) & np.isfinite(b) & np.isfinite(board.outcome)
    x, z, y = a[mask], b[mask], board.outcome[mask]
    ranks = prepare(x).below.sum(axis=0) + prepare(z).below.sum(axis=0)
    fits: dict[str, Fit] = {
        "mean of predictions": lambda fitted: (linear(x, y, fitted) + linear(z, y, fitted)) / 2.0,
        "mean rank": lambda fitted: rank_only(ranks, y, fitted),
        "two-feature regression": lambda fitted: two_features(x, z, y, fitted),
    }
    undefined = _why_undefined(board.outcome, np.where(mask, a, np.nan)) or _why_undefined(
        board.outcome, np.where(mask, b, np.nan)
    )
    return _score(f"{first.name} + {second.name}", fits, mask, undefined, board)


def _board(
    columns: Sequence[ProxyColumn],
    outcome: ArrayLike,
    families: Sequence[str],
    *,
    splits: int,
    seed: int,
    level: float,
    min_candidates: int,
) -> Board:
    result = np.asarray(outcome, dtype=np.float64)
    check_columns(columns, result, families)
    return Board(
        outcome=result,
        families=np.asarray(families, dtype=np.str_),
        keys=split_keys(len(result), splits, seed),
        level=level,
        min_candidates=min_candidates,
    )


def _applied(predictor: Predictor, x: Floats, y: Floats) -> Fit:
    return lambda fitted: predictor(x, y, fitted)


def _why_undefined(outcome: Floats, claimed: Floats) -> str | None:
    """Say why nothing can be predicted, or None."""
    pair = pair_up(claimed, outcome)
    few = f"{pair.n} candidates cannot be halved and fitted" if pair.n == 3 else None
    return pair.why_undefined() or few


def _score(name: str, fits: Mapping[str, Fit], mask: Mask, undefined: str | None, board: Board) -> list[Prediction]:
    """Score each way of predicting under each scheme; one entry a way where nothing is defined."""
    size = int(mask.sum())
    if undefined:
        empty = SplitScore(value=None, level=board.level, reason=undefined)
        return [
            Prediction(proxy=name, predictor=way, scheme=HALF_SPLITS, r2=empty, mae=empty, n=size, reason=undefined)
            for way in fits
        ]
    found = []
    for scheme in board.schemes(mask):
        total = _whole if scheme.is_partition else _spread
        for way, fit in fits.items():
            r2, mae = total(fit(scheme.fitted), board.outcome[mask], ~scheme.fitted, board)
            found.append(Prediction(proxy=name, predictor=way, scheme=scheme.name, r2=r2, mae=mae, n=size))
    return found


def _spread(predicted: Floats, y: Floats, tested: Mask, board: Board) -> tuple[SplitScore, SplitScore]:
    """Sum up splits that each have a score of their own."""
    missing = "outcomes of the tested half are all alike"
    r2, mae = (
        summarise(score(predicted, y, tested), what="half splits", missing=missing, level=board.level)
        for score in (tested_r2, tested_mae)
    )
    return insufficient(r2, len(y), board.min_candidates), insufficient(mae, len(y), board.min_candidates)


def _whole(predicted: Floats, y: Floats, tested: Mask, board: Board) -> tuple[SplitScore, SplitScore]:
    """Score all candidates together, each foretold once, without its family."""
    foretold = np.where(tested, predicted, 0.0).sum(axis=0)[None, :]
    everyone = np.ones(foretold.shape, dtype=np.bool_)
    method = f"all candidates together, each foretold from the other {len(tested) - 1} families"
    r2, mae = (
        SplitScore(value=float(score(foretold, y, everyone)[0]), splits=len(tested), method=method, level=board.level)
        for score in (tested_r2, tested_mae)
    )
    return r2, mae
