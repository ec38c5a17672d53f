"""Prediction out of sample, as the paper has it: fit on half the candidates, score on the rest, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.estimators.estimate import finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.validity.association import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitScore:
    """A score over repeated splits of the same candidates; splits overlap, so their spread is no confidence interval."""

    value: float | None
    """Mean over splits."""
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


def predictive_r2(x: Floats, y: Floats, keys: Floats, *, level: float) -> SplitScore:
    """Fit outcome = a * proxy + b on one half and take R2 on the other; may be negative.

    R2 is 1 - SSE / SST about the tested half's own mean (as scikit-learn's r2_score); a proxy that is constant on the fitted
    half predicts its mean. arXiv 2510.01624 reports mean +- sd of such splits and leaves their number open.

    Args:
        x: proxy, shape (n,).
        y: outcome, shape (n,).
        keys: `split_keys` at these candidates, shape (splits, n).
        level: share of splits between low and high.
    """
    size = len(x)
    if size < 4:
        return SplitScore(value=None, level=level, reason=f"{size} candidates cannot be halved and fitted")
    rank = keys.argsort(axis=1).argsort(axis=1)
    fitted = rank < (size + 1) // 2
    scores = _tested_r2(x, y, fitted)
    scores = scores[np.isfinite(scores)]
    if not len(scores):
        return SplitScore(value=None, level=level, reason="outcomes of the tested half are all alike")
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(scores, (tail, 1.0 - tail))
    return SplitScore(
        value=float(scores.mean()),
        sd=float(scores.std(ddof=1)) if len(scores) > 1 else 0.0,
        median=float(np.median(scores)),
        low=float(low),
        high=float(high),
        splits=len(scores),
        method=f"mean over half splits; low and high: their central {level:.0%}, not a confidence interval",
        level=level,
    )


def _tested_r2(x: Floats, y: Floats, fitted: NDArray[np.bool_]) -> Floats:
    """R2 on the rows not fitted, shape (splits,); NaN where their outcomes are all alike."""
    inside = fitted.astype(np.float64)
    count = inside.sum(axis=1)
    mean_x, mean_y = inside @ x / count, inside @ y / count
    dx, dy = x - mean_x[:, None], y - mean_y[:, None]
    sxx = (inside * dx**2).sum(axis=1)
    # A constant half leaves rounding behind, of the order of the squared epsilon.
    flat = sxx <= 1e-24 * np.maximum(count * mean_x**2, np.finfo(float).tiny)
    slope = np.divide((inside * dx * dy).sum(axis=1), sxx, out=np.zeros(len(sxx)), where=~flat)
    outside = 1.0 - inside
    error = (outside * (dy - slope[:, None] * dx) ** 2).sum(axis=1)
    tested_mean = outside @ y / outside.sum(axis=1)
    total = (outside * (y - tested_mean[:, None]) ** 2).sum(axis=1)
    alike = np.where(fitted, -np.inf, y).max(axis=1) == np.where(fitted, np.inf, y).min(axis=1)
    ratio: Floats = np.divide(error, total, out=np.full(len(total), np.nan), where=~alike)
    return 1.0 - ratio
