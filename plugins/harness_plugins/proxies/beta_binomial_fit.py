"""Maximum likelihood for the beta-binomial distribution of right samples over problems.

Parameters are the mean m = a / (a+b) and the spread t = 1 / (a+b), in which the log-likelihood is a sum of logarithms,

    sum_i [ sum_{j<c_i} log(m + jt) + sum_{j<n_i-c_i} log(1-m + jt) - sum_{j<n_i} log(1 + jt) ]     (+ constant),

smooth down to t = 0, the binomial, where problems have one rate (Griffiths 1973, Biometrics 29). So only counts of
problems with c > j, n-c > j and n > j enter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST = 30.0
"""Bound on logit m and log t while searching, which keeps logarithms finite; optima lie far within."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallies:
    """Problems with more than j right, wrong and any samples; aligned arrays of shape (largest n,)."""

    right: NDArray[np.float64]
    wrong: NDArray[np.float64]
    samples: NDArray[np.float64]

    def gradient(self, mean: float, spread: float) -> NDArray[np.float64]:
        """Return the log-likelihood's derivatives by m and t, shape (2,)."""
        import numpy as np

        step = np.arange(len(self.samples))
        up, down = self.right / (mean + step * spread), self.wrong / (1.0 - mean + step * spread)
        return np.array([up.sum() - down.sum(), (step * (up + down - self.samples / (1.0 + step * spread))).sum()])

    def hessian(self, mean: float, spread: float) -> NDArray[np.float64]:
        """Return the log-likelihood's second derivatives by m and t, shape (2, 2)."""
        import numpy as np

        step = np.arange(len(self.samples))
        up, down = self.right / (mean + step * spread) ** 2, self.wrong / (1.0 - mean + step * spread) ** 2
        both = float((step * (down - up)).sum())
        own = (step**2 * (self.samples / (1.0 + step * spread) ** 2 - up - down)).sum()
        return np.array([[-(up + down).sum(), both], [both, own]])

    def loss(self, mean: float, spread: float) -> float:
        """Return the negative log-likelihood, binomial coefficients left out."""
        import numpy as np

        step = np.arange(len(self.samples))
        terms = self.right * np.log(mean + step * spread) + self.wrong * np.log(1.0 - mean + step * spread)
        return float((self.samples * np.log1p(step * spread) - terms).sum())


def tally(num_correct: NDArray[np.int64], num_samples: NDArray[np.int64]) -> Tallies:
    """Count problems by how far their counts reach; both arrays have shape (problems,)."""
    import numpy as np

    longest = int(num_samples.max())

    def above(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        return len(counts) - np.cumsum(np.bincount(counts, minlength=longest + 1))[:longest].astype(np.float64)

    return Tallies(right=above(num_correct), wrong=above(num_samples - num_correct), samples=above(num_samples))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The distribution of the pass rate over problems."""

    mean: float
    """m = a / (a+b)."""
    spread: float
    """t = 1 / (a+b): 0 where all problems have one rate, infinite where each is always or never solved."""


def fit(num_correct: NDArray[np.int64], num_samples: NDArray[np.int64]) -> Fit | None:
    """Fit by maximum likelihood; None where no sample is right, which says nothing of how rare right ones are.

    The limits are found by rule. All right: m = 1. Problems that are all or nothing: t infinite, m the share solved. Where
    the likelihood falls in t at the binomial (Tarone 1979, Biometrika 66), counts differ no more than chance makes them:
    t = 0, m the share of right samples.

    Args:
        num_correct: c, shape (problems,).
        num_samples: n, shape (problems,), some above 1.
    """
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit, logit

    if not num_correct.any():
        return None
    rate = float(num_correct.sum() / num_samples.sum())
    is_mixed = (num_correct > 0) & (num_correct < num_samples)
    if rate == 1.0:
        return Fit(mean=1.0, spread=0.0)
    if not is_mixed.any():
        return Fit(mean=float((num_correct > 0).mean()), spread=np.inf)
    tallies = tally(num_correct, num_samples)
    if tallies.gradient(rate, 0.0)[1] <= 0.0:
        return Fit(mean=rate, spread=0.0)

    def at_point(at: NDArray[np.float64]) -> Fit:
        inside = np.clip(at, -LARGEST, LARGEST)
        return Fit(mean=float(expit(inside[0])), spread=float(np.exp(inside[1])))

    def objective(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        mean, spread = at_point(at).mean, at_point(at).spread
        return tallies.loss(mean, spread), -tallies.gradient(mean, spread) * [mean * (1.0 - mean), spread]

    start = np.array([logit(rate), 0.0])
    found = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-9 * len(num_correct)})
    return _polished(tallies, at_point(found.x))


def _polished(tallies: Tallies, rough: Fit) -> Fit:
    """Take Newton's last steps, where the curvature is that of a maximum."""
    import numpy as np

    at = np.array([rough.mean, rough.spread])
    for _ in range(5):
        hessian = tallies.hessian(*at)
        if not (np.linalg.eigvalsh(hessian) < 0.0).all():
            break
        step = at - np.linalg.solve(hessian, tallies.gradient(*at))
        if not (0.0 < step[0] < 1.0 and step[1] > 0.0 and tallies.loss(*step) <= tallies.loss(*at)):
            break
        at = step
    return Fit(mean=float(at[0]), spread=float(at[1]))
