"""Prediction out of sample, as the paper has it: fit on half the candidates, score on the rest, again and again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.estimators.estimate import finite
from harness.validity.predictors import linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.validity.association import Floats

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitScore:
    """A score over repeated splits of the same candidates; splits overlap, so their spread is no confidence interval."""

    value: float | None
    """Mean over splits; where each candidate is tested once (leave one family out), over all of them together."""
    sd: float | None = None
    median: float | None = None
    low: float | None = None
    """Lower end of the central `level` of the splits' scores."""
    high: float | None = None
    splits: int = 0
    """Splits with a defined score."""
    method: str = ""
    level: float = 0.95
    reason: str | None = None
    """Why it is missing."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        numbers = {name: finite(getattr(self, name)) for name in ("value", "sd", "median", "low", "high")}
        rest = {"splits": self.splits, "method": self.method, "level": self.level}
        return {**numbers, **rest, **({"reason": self.reason} if self.reason else {})}


def split_keys(size: int, splits: int, seed: int) -> Floats:
    """Draw the numbers whose order within any subset of candidates decides the splits, shape (splits, candidates)."""
    return np.random.default_rng([seed, 1]).random((splits, size))


def drawn_first(keys: Floats, count: int) -> Mask:
    """Mark the `count` candidates with the lowest keys of each split, shape (splits, candidates)."""
    marked = np.zeros(keys.shape, dtype=np.bool_)
    if count:
        np.put_along_axis(marked, np.argpartition(keys, count - 1, axis=1)[:, :count], values=True, axis=1)
    return marked


def halves(keys: Floats) -> Mask:
    """Mark the half of the candidates that each split fits (the larger one), shape (splits, candidates)."""
    return drawn_first(keys, (keys.shape[1] + 1) // 2)


def tested_r2(predicted: Floats, y: Floats, tested: Mask) -> Floats:
    """R2 on the tested candidates, shape (splits,); NaN where their outcomes are all alike.

    1 - SSE / SST about the tested candidates' own mean, as scikit-learn's r2_score; may be negative.

    Args:
        predicted: shape (splits, n).
        y: outcome, shape (n,).
        tested: shape (splits, n).
    """
    inside = tested.astype(np.float64)
    unit = np.abs(y).max() or 1.0
    error = np.einsum("si,si->s", inside, ((y - predicted) / unit) ** 2)
    mean = inside @ y / np.maximum(inside.sum(axis=1), 1.0)
    total = np.einsum("si,si->s", inside, ((y - mean[:, None]) / unit) ** 2)
    alike = np.where(tested, y, -np.inf).max(axis=1) <= np.where(tested, y, np.inf).min(axis=1)
    ratio: Floats = np.divide(error, total, out=np.full(len(total), np.nan), where=~alike)
    return 1.0 - ratio


def tested_mae(predicted: Floats, y: Floats, tested: Mask) -> Floats:
    """Mean absolute error on the tested candidates, in outcome points, shape (splits,); NaN where there are none."""
    inside = tested.astype(np.float64)
    count = inside.sum(axis=1)
    total = np.einsum("si,si->s", inside, np.abs(y - predicted))
    mean: Floats = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0.0)
    return mean


def summarise(scores: Floats, *, what: str, missing: str, level: float) -> SplitScore:
    """Sum up the splits' scores.

    Args:
        scores: shape (splits,); NaN where a split has none.
        what: what the splits are, for the method's name.
        missing: why there is no score where none is defined.
        level: share of splits between low and high.
    """
    defined = scores[np.isfinite(scores)]
    if not len(defined):
        return SplitScore(value=None, level=level, reason=missing)
    tail = (1.0 - level) / 2.0
    low, median, high = np.quantile(defined, (tail, 0.5, 1.0 - tail)).tolist()
    return SplitScore(
        value=float(defined.mean()),
        sd=float(defined.std(ddof=1)) if len(defined) > 1 else 0.0,
        median=median,
        low=low,
        high=high,
        splits=len(defined),
        method=f"mean over {what}; low and high: their central {level:.0%}, not a confidence interval",
        level=level,
    )


def insufficient(score: SplitScore, size: int, fewest: int) -> SplitScore:
    """Take the ends away where there are too few candidates."""
    if score.value is None or size >= fewest:
        return score
    return replace(score, low=None, high=None, reason=f"insufficient (n < {fewest})")


def predictive_r2(x: Floats, y: Floats, keys: Floats, *, level: float) -> SplitScore:
    """Fit outcome = a * proxy + b on one half and take R2 on the other; may be negative.

    A proxy that is constant on the fitted half predicts its mean. arXiv 2510.01624 reports mean +- sd of such splits and
    leaves their number open.

    Args:
        x: proxy, shape (n,).
        y: outcome, shape (n,).
        keys: `split_keys` at these candidates, shape (splits, n).
        level: share of splits between low and high.
    """
    if len(x) < 4:
        return SplitScore(value=None, level=level, reason=f"{len(x)} candidates cannot be halved and fitted")
    fitted = halves(keys)
    scores = tested_r2(linear(x, y, fitted), y, ~fitted)
    return summarise(scores, what="half splits", missing="outcomes of the tested half are all alike", level=level)
