"""Print how often the intervals cover: `python tests/perf/coverage.py [boards]`, 1,000 unless told.

1. Independent candidates from a bivariate normal, so that the true values are known: Spearman 6/pi asin(r/2), tau
   2/pi asin(r), R2 r^2, decision accuracy 1/2 + tau/2. Twice the boards for the default method, half of them for BCa.
2. Families of 5 candidates around a base of their own, half of each column's variance between bases. The truth for new
   families is the correlation of one candidate each from many families; for these families, that of many candidates from
   each of them.
3. How often the best of 20 useless proxies is called better than the baseline.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from harness.estimators import Estimate
from harness.validity import IntervalMethod, Judgement, ProxyColumn, judge
from harness.validity.association import pearson, spearman
from harness.validity.measure import Terms, estimate, pair_up
from harness.validity.resamples import FEWEST_FAMILIES, draw_resamples

STATISTICS = ("spearman", "r2", "kendall", "decision_accuracy")
RESAMPLES = 1000
MEMBERS = 5


def covers(found: Estimate, truth: float) -> bool:
    """Say whether the interval holds the truth; one that is missing does not."""
    return found.low is not None and found.high is not None and found.low - 1e-12 <= truth <= found.high + 1e-12


def correlated(rng: np.random.Generator, r: float, size: int) -> np.ndarray:
    """Draw two standard normal columns of correlation r, shape (2, size)."""
    first, noise = rng.normal(size=(2, size))
    return np.stack([first, r * first + (1 - r**2) ** 0.5 * noise])


def truths(r: float) -> dict[str, float]:
    """Return the population's values for correlation r."""
    tau = 2 / np.pi * np.arcsin(r)
    return {
        "spearman": 6 / np.pi * np.arcsin(r / 2),
        "r2": r**2,
        "kendall": tau,
        "decision_accuracy": 0.5 + tau / 2,
    }


def judge_one(n: int, r: float, method: IntervalMethod, rng: np.random.Generator) -> Judgement:
    """Judge one proxy of true correlation r on n fresh candidates."""
    outcome, values = correlated(rng, r, n)
    (judged,) = judge(
        [ProxyColumn(name="p", higher_is_better=True, values=values)],
        outcome,
        families=["base"] * n,
        baseline="p",
        resamples=RESAMPLES,
        seed=int(rng.integers(2**32)),
        splits=2,
        method=method,
    )
    return judged


def print_independent(boards: int) -> None:
    """Print coverage and mean width for independent candidates."""
    sys.stdout.write("independent candidates; coverage (mean width) of nominal 95 % intervals\n")
    sys.stdout.write(
        f"{'n':>3} {'r':>4} {'method':>10} {'boards':>6} " + " ".join(f"{name:>17}" for name in STATISTICS) + "\n"
    )
    rng = np.random.default_rng(20)
    methods: tuple[IntervalMethod, ...] = ("percentile", "bca")
    for n, r, method in [(n, r, m) for n in (12, 20, 40) for r in (0.0, 0.6, 0.9) for m in methods]:
        hits: dict[str, list[tuple[bool, float]]] = defaultdict(list)
        drawn = 2 * boards if method == "percentile" else boards // 2
        for _ in range(drawn):
            judged = judge_one(n, r, method, rng)
            for name, truth in truths(r).items():
                found: Estimate = getattr(judged, name)
                hits[name].append((covers(found, truth), (found.high or 0.0) - (found.low or 0.0)))
        cells = [f"{c:.3f} ({w:.2f})" for c, w in (np.mean(hits[name], axis=0) for name in STATISTICS)]
        sys.stdout.write(f"{n:>3} {r:>4} {method:>10} {drawn:>6} " + " ".join(f"{cell:>17}" for cell in cells) + "\n")
        sys.stdout.flush()


@dataclass(frozen=True)
class Bases:
    """Families' own correlation of proxy and outcome, between their bases and within a family."""

    between: float
    within: float

    def draw(self, rng: np.random.Generator, centres: np.ndarray, members: int) -> np.ndarray:
        """Draw members around each centre, shape (2, families * members)."""
        return 0.5**0.5 * (np.repeat(centres, members, axis=1) + correlated(rng, self.within, centres.shape[1] * members))


def family_hits(bases: Bases, families: int, rng: np.random.Generator) -> dict[str, bool]:
    """Draw one board of families and say which intervals cover what."""
    centres = correlated(rng, bases.between, families)
    x, y = bases.draw(rng, centres, MEMBERS)
    names = [f"f{i // MEMBERS}" for i in range(len(x))]
    new = truths((bases.between + bases.within) / 2)["spearman"]
    these = spearmanr(*bases.draw(rng, centres, 100)).statistic
    found = {}
    for kind, fewest in (("within", families + 1), ("families", 2)):
        drawn = draw_resamples(names, RESAMPLES, int(rng.integers(2**32)), fewest_families=fewest)
        terms = Terms(resamples=drawn, method="percentile", level=0.95, min_candidates=10)
        rho = estimate(spearman, pair_up(x, y), terms)
        found[f"{kind}: rho, new"] = covers(rho, new)
        found[f"{kind}: r, new"] = covers(estimate(pearson, pair_up(x, y), terms), (bases.between + bases.within) / 2)
        if kind == "within":
            found["within: rho, these"] = covers(rho, these)
    return found


def print_families(boards: int) -> None:
    """Print coverage where candidates share bases, by candidates resampled within families and by families resampled."""
    sys.stdout.write(
        f"\nfamilies of {MEMBERS}, {boards} boards a row; coverage of nominal 95 % intervals, new or these families;\n"
        f"the default resamples candidates within families below {FEWEST_FAMILIES} families, else whole families\n"
    )
    rng = np.random.default_rng(22)
    for families in (4, 8, 12):
        for bases in (Bases(between=0.6, within=0.6), Bases(between=0.2, within=0.9)):
            boards_hit = [family_hits(bases, families, rng) for _ in range(boards)]
            cells = [f"{name} {np.mean([hits[name] for hits in boards_hit]):.3f}" for name in boards_hit[0]]
            row = f"{families:>2} families, r between {bases.between} within {bases.within}: {' | '.join(cells)}"
            sys.stdout.write(row + "\n")
            sys.stdout.flush()


def print_false_claims(boards: int) -> None:
    """Print how often some useless proxy of 20 is called better than a baseline of correlation 0 and .5."""
    sys.stdout.write("\n")
    rng = np.random.default_rng(21)
    for n, r in ((20, 0.0), (20, 0.5)):
        called = 0
        for _ in range(boards):
            outcome, first = correlated(rng, r, n)
            values = [first, *rng.normal(size=(20, n))]
            columns = [ProxyColumn(name=str(i), higher_is_better=True, values=column) for i, column in enumerate(values)]
            judged = judge(
                columns,
                outcome,
                families=["base"] * n,
                baseline="0",
                resamples=2 * RESAMPLES,
                splits=2,
                seed=int(rng.integers(9**9)),
            )
            called += any(one.verdict == "better than baseline" for one in judged)
        sys.stdout.write(f"n={n} baseline r={r}: a useless proxy called better on {called} of {boards} boards\n")
        sys.stdout.flush()


if __name__ == "__main__":
    num_boards = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print_independent(num_boards)
    print_families(num_boards)
    print_false_claims(num_boards)
