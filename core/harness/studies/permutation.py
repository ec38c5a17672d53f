"""Spearman's rho of a handful of starts, with a permutation test that is exact where all orders can be tried."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from harness.validity.association import prepare, spearman

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_EXACT = 8
"""8! = 40,320 orders are tried at once; above that orders are drawn."""

FEWEST_RANKED = 3
"""Two starts correlate by +1 or -1 whatever they are."""

FEWEST_TESTED = 4
"""With 3 starts the rarest order still has p = 1/3."""

DRAWN = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """A rank correlation and its two-sided p value."""

    rho: float | None
    p: float | None = None
    method: str = ""
    reason: str | None = None
    """Why rho or p is missing."""


def rank_test(x: Sequence[float], y: Sequence[float], *, exchangeable: bool = True) -> RankTest:
    """Correlate two columns by rank and test them against all orders of one of them.

    Args:
        x: finite, one entry a start.
        y: finite, as long as `x`.
        exchangeable: whether the starts could have stood in any order were the two unrelated; rows of several families could
            not, and get no p.
    """
    if len(x) < FEWEST_RANKED:
        return RankTest(rho=None, reason=f"n < {FEWEST_RANKED}")
    first, second = prepare(np.asarray(x, dtype=np.float64)), prepare(np.asarray(y, dtype=np.float64))
    ones = np.ones((1, len(x)))
    rho = float(spearman(first, second, ones)[0])
    if not np.isfinite(rho):
        return RankTest(rho=None, reason="constant")
    if not exchangeable:
        return RankTest(rho=rho, reason="rows of several families are not exchangeable")
    if len(x) < FEWEST_TESTED:
        return RankTest(rho=rho, reason=f"n < {FEWEST_TESTED}")
    orders, method = _orders(len(x))
    # Half the sum of signs against all is a midrank less the mean rank; which way it points is the same for both.
    centred = [column.signs.sum(axis=0) / 2.0 for column in (first, second)]
    products = np.abs(centred[1][orders] @ centred[0])
    extreme = int((products >= abs(centred[0] @ centred[1]) - 1e-9).sum())
    p = extreme / len(orders) if len(x) <= MOST_EXACT else (1 + extreme) / (1 + len(orders))
    return RankTest(rho=rho, p=p, method=method)


@lru_cache(maxsize=32)
def _orders(size: int) -> tuple[NDArray[np.intp], str]:
    """Return orders of `size` starts, shape (orders, size), and what they are."""
    if size <= MOST_EXACT:
        return np.array(list(permutations(range(size))), dtype=np.intp), "exact permutation test"
    keys = np.random.default_rng(size).random((DRAWN, size))
    return keys.argsort(axis=1), f"permutation test, {DRAWN} orders drawn"
