"""The paired comparison of two lists of counts: effect, interval, and two exact tests.

Two runs on the same problems share those problems' difficulty, and a comparison that throws the pairing away throws away
most of what was measured: lm-evaluation-harness issue 3831 has one with p = .080 unpaired and p = .008 paired. So the unit
is the difference on one problem, and there is no unpaired comparison here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.estimators import Estimate, paired_difference, problem_values
from harness.estimators.problems import aligned
from harness.validity.matrix import resampled_means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.values import Counts

MOST_EXACT = 20
"""Problems that differ, up to which all 2^n sign patterns are gone through: a million."""
SAME = 1e-12
"""Differences and sums nearer than this are equal; rounding leaves as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTest:
    """Problems on which A is better or worse, and the exact binomial p of such a split (McNemar's where n = 1)."""

    better: int
    worse: int
    equal: int
    p: float
    """Two-sided; 1 where no problem differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignFlip:
    """The permutation test of the mean difference: under no effect, every problem's difference may have either sign."""

    p: float
    """Two-sided; 1 where no problem differs."""
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A against B on the same problems."""

    num_problems: int
    a: float
    """Mean pass@k of A over benchmarks of the mean over problems."""
    b: float
    difference: Estimate
    """A minus B, with the paired bootstrap's interval."""
    student: Estimate
    """The same with Student's t interval, for comparison."""
    signs: SignTest
    flips: SignFlip

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        signs = self.signs
        return {
            "problems": self.num_problems,
            "a": self.a,
            "b": self.b,
            "difference": self.difference.to_json(),
            "student_t": self.student.to_json(),
            "sign_test": {
                "better": signs.better,
                "worse": signs.worse,
                "equal": signs.equal,
                "p": signs.p,
                "method": "exact binomial on the problems that differ",
            },
            "sign_flip": {"p": self.flips.p, "method": self.flips.method},
        }


def compare_counts(
    a: Sequence[Counts], b: Sequence[Counts], k: int, *, resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> Paired:
    """Compare mean pass@k of `a` and `b`, paired by problem.

    Several entries of one benchmark (seeds) are averaged by problem first: the seeds are fixed, and nothing is said of
    further ones. Benchmarks are strata of equal weight.

    Args:
        a: counts of one side.
        b: counts of the other on the same benchmarks and problems.
        k: of pass@k.
        resamples: of the bootstrap, and of the sign patterns where there are too many to go through.
        seed: of both.
        level: nominal coverage.

    Raises:
        TooFewSamplesError: some problem has fewer than k samples.
        DataError: the two do not hold the same benchmarks and problems.
    """
    student = paired_difference(a, b, k, level=level)
    left = problem_values(a, k)
    right = {entry.benchmark: entry for entry in problem_values(b, k)}
    pairs = [(entry.values, aligned(right[entry.benchmark], entry.problem_ids)) for entry in left]
    strata = [one - other for one, other in pairs]
    strata = [np.where(np.abs(gaps) < SAME, 0.0, gaps) for gaps in strata]
    weighted = np.concatenate([gaps / (len(gaps) * len(strata)) for gaps in strata])
    return Paired(
        num_problems=len(weighted),
        a=float(np.mean([one.mean() for one, _ in pairs])),
        b=float(np.mean([other.mean() for _, other in pairs])),
        difference=_bootstrapped(strata, student, resamples, seed),
        student=student,
        signs=count_signs(np.concatenate(strata)),
        flips=flip_signs(weighted, resamples=resamples, seed=seed),
    )


def _bootstrapped(strata: Sequence[NDArray[np.float64]], student: Estimate, resamples: int, seed: int) -> Estimate:
    """Put the percentile interval of resampled problems around the mean; where none differs, the exact bound stays."""
    if student.low is None or not any(gaps.any() for gaps in strata):
        return student
    rng = np.random.default_rng(seed)
    means = np.mean([resampled_means(gaps[None, :], resamples, rng)[:, 0] for gaps in strata], axis=0)
    tail = (1.0 - student.level) / 2.0
    low, high = np.quantile(means, (tail, 1.0 - tail))
    within = " within benchmarks" if len(strata) > 1 else ""
    return Estimate(
        value=student.value,
        low=float(low),
        high=float(high),
        method=f"paired percentile bootstrap over problems{within}, {resamples} resamples",
        level=student.level,
    )


def count_signs(gaps: NDArray[np.float64]) -> SignTest:
    """Count the problems on which one side is better, and test the split (scipy.stats.binomtest, two-sided).

    Args:
        gaps: differences, shape (problems,).
    """
    from scipy.stats import binomtest

    better, worse = int((gaps > 0.0).sum()), int((gaps < 0.0).sum())
    p = float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
    return SignTest(better=better, worse=worse, equal=len(gaps) - better - worse, p=p)


def flip_signs(weighted: NDArray[np.float64], *, resamples: int, seed: int) -> SignFlip:
    """Test whether the sum of differences is larger, either way, than with signs at random.

    Exact up to 20 problems that differ; above, the share of random patterns, the data's own counted among them so that p is
    never 0 (Phipson and Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9).

    Args:
        weighted: differences times their problem's weight in the mean, shape (problems,).
        resamples: sign patterns drawn where there are too many.
        seed: of the patterns.
    """
    parts = np.abs(weighted[weighted != 0.0])
    reached = abs(float(weighted.sum())) * (1.0 - 1e-9) - 1e-15
    if not len(parts):
        return SignFlip(p=1.0, method="no problem differs")
    if len(parts) <= MOST_EXACT:
        sums = np.zeros(1)
        for part in parts:
            sums = np.concatenate([sums + part, sums - part])
        return SignFlip(p=float((np.abs(sums) >= reached).mean()), method=f"exact, all {len(sums)} sign patterns")
    rng = np.random.default_rng(seed)
    found, block = 1, max(1, 1_000_000 // len(parts))
    for start in range(0, resamples, block):
        signs = rng.integers(0, 2, (min(block, resamples - start), len(parts)), dtype=np.int8) * 2.0 - 1.0
        found += int((np.abs(signs @ parts) >= reached).sum())
    return SignFlip(p=found / (resamples + 1), method=f"Monte Carlo, {resamples} sign patterns")
