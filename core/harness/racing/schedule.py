"""When a race looks at its samples, and how far apart candidates must be at a look for one to be stopped.

A race looks several times, so a fixed threshold would err more often than it says. The looks are set beforehand (samples a
problem double from round to round), and the same critical value at all of them (Pocock 1977, Biometrika 64) is made so large
that a Gaussian score with independent increments exceeds it at any look with the probability asked for; the crossing
probability is integrated numerically (Armitage, McPherson and Rowe 1969, JRSS A 132). It is sharper than Bonferroni over
rounds, because successive looks share samples, and than a confidence sequence, which must hold at looks that never happen.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np

FEWEST = 4
"""Samples a problem in the first round where k is small: enough for a variance a problem."""
NODES = 161
"""Of Gauss-Legendre quadrature over the scores; the probability is then right to about 1e-9."""
FAR = 8.5
"""Scores below -FAR are as good as impossible."""


def rounds(k: int, budget: int) -> tuple[int, ...]:
    """Return the samples a problem at each look: first, twice that, ... and the budget.

    The first round has at least k + 1 samples, and k/2 more where k is large, so that the error of pass@k can be estimated;
    a step that would leave less than a quarter for the last round goes to the budget at once.

    Args:
        k: of pass@k.
        budget: most samples a problem, at least k.
    """
    found = [min(max(FEWEST, k + (k + 1) // 2), budget)]
    while found[-1] < budget:
        doubled = 2 * found[-1]
        found.append(doubled if 1.25 * doubled <= budget else budget)
    return tuple(found)


@lru_cache(maxsize=256)
def critical_value(looks: tuple[int, ...], error: float) -> float:
    """Return the score that is exceeded at one look or more with probability `error`, were there no difference.

    Args:
        looks: samples at each look, rising; infinity is returned where there is none.
        error: one-sided, in (0, 0.5).
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    if not looks:
        return math.inf
    least, most = -float(ndtri(error)), -float(ndtri(error / len(looks)))
    if len(looks) == 1:
        return least
    return float(brentq(lambda c: crossing(looks, c) - error, least, most + 1e-6, xtol=1e-9))


def crossing(looks: tuple[int, ...], critical: float) -> float:
    """Return the probability that a standard Gaussian score exceeds `critical` at one look or more."""
    from scipy.special import ndtr

    unit, unit_weights = np.polynomial.legendre.leggauss(NODES)
    scores = (unit + 1.0) / 2.0 * (critical + FAR) - FAR
    weights = unit_weights * (critical + FAR) / 2.0
    density = np.exp(-0.5 * scores**2) / math.sqrt(2.0 * math.pi)
    for earlier, later in pairwise(looks[:-1]):
        spread = math.sqrt(1.0 - earlier / later)
        moved = (scores[:, None] - math.sqrt(earlier / later) * scores[None, :]) / spread
        density = np.exp(-0.5 * moved**2) @ (weights * density) / (spread * math.sqrt(2.0 * math.pi))
    if len(looks) == 1:
        return float(ndtr(-critical))
    share = looks[-2] / looks[-1]
    stays = ndtr((critical - math.sqrt(share) * scores) / math.sqrt(1.0 - share))
    return float(1.0 - stays @ (weights * density))
