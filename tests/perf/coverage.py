"""Print how often the intervals cover; run by hand: `python tests/perf/coverage.py [boards]`.

Independent candidates from a bivariate normal, so that the true values are known: Spearman 6/pi asin(r/2), tau 2/pi asin(r),
R2 r^2, decision accuracy 1/2 + tau/2. The second table counts how often the best of 20 useless proxies is called better.
"""

from __future__ import annotations

import sys
from collections import defaultdict

import numpy as np

from harness.estimators import Estimate
from harness.validity import IntervalMethod, Judgement, ProxyColumn, judge

STATISTICS = ("spearman", "r2", "kendall", "decision_accuracy")


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
    outcome, noise = rng.normal(size=(2, n))
    values = r * outcome + (1 - r**2) ** 0.5 * noise
    column = ProxyColumn(name="p", higher_is_better=True, values=values)
    (judged,) = judge(
        [column],
        outcome,
        families=["base"] * n,
        baseline="p",
        resamples=2000,
        seed=int(rng.integers(2**32)),
        splits=2,
        method=method,
    )
    return judged


def print_coverage(boards: int) -> None:
    """Print coverage and mean width of nominal 95 % intervals."""
    sys.stdout.write(f"{boards} boards a row; coverage (mean width) of nominal 95 % intervals\n")
    sys.stdout.write(f"{'n':>3} {'r':>4} {'method':>10} " + " ".join(f"{name:>17}" for name in STATISTICS) + "\n")
    rng = np.random.default_rng(20)
    methods: tuple[IntervalMethod, ...] = ("percentile", "bca")
    for n, r, method in [(n, r, m) for n in (12, 20, 40) for r in (0.0, 0.6, 0.9) for m in methods]:
        hits: dict[str, list[tuple[bool, float]]] = defaultdict(list)
        for _ in range(boards):
            judged = judge_one(n, r, method, rng)
            for name, truth in truths(r).items():
                estimate: Estimate = getattr(judged, name)
                if estimate.low is not None and estimate.high is not None:
                    covered = estimate.low <= truth + 1e-12 and truth - 1e-12 <= estimate.high
                    hits[name].append((covered, estimate.high - estimate.low))
        cells = [f"{c:.3f} ({w:.2f})" for c, w in (np.mean(hits[name], axis=0) for name in STATISTICS)]
        sys.stdout.write(f"{n:>3} {r:>4} {method:>10} " + " ".join(f"{cell:>17}" for cell in cells) + "\n")
        sys.stdout.flush()


def print_false_claims(boards: int) -> None:
    """Print how often some useless proxy of 20 is called better than a baseline of correlation 0 and .5."""
    rng = np.random.default_rng(21)
    for n, r in ((12, 0.0), (20, 0.0), (20, 0.5)):
        called = 0
        for _ in range(boards):
            outcome = rng.normal(size=n)
            values = [r * outcome + (1 - r**2) ** 0.5 * rng.normal(size=n), *rng.normal(size=(20, n))]
            columns = [ProxyColumn(name=str(i), higher_is_better=True, values=column) for i, column in enumerate(values)]
            judged = judge(
                columns, outcome, families=["base"] * n, baseline="0", resamples=2000, splits=2, seed=int(rng.integers(9**9))
            )
            called += any(one.verdict == "better than baseline" for one in judged)
        sys.stdout.write(f"n={n} baseline r={r}: a useless proxy called better on {called} of {boards} boards\n")
        sys.stdout.flush()


if __name__ == "__main__":
    num_boards = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print_coverage(num_boards)
    print_false_claims(num_boards)
