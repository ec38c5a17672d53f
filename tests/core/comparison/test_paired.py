"""The paired tests and intervals, against SciPy and a case where pairing decides."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness import Counts, DataError, TooFewSamplesError
from harness.comparison import compare_counts, count_signs, flip_signs


def made(correct: list[int] | np.ndarray, samples: int = 1, benchmark: str = "b") -> Counts:
    return Counts(
        benchmark=benchmark,
        problem_ids=tuple(f"p{i}" for i in range(len(correct))),
        num_samples=np.full(len(correct), samples),
        num_correct=np.asarray(correct),
    )


def test_paired_tests_find_what_an_unpaired_test_misses() -> None:
    """As in lm-evaluation-harness issue 3831 (p = .080 unpaired, p = .008 paired): of 250 problems both have 155 right."""
    a = np.repeat([1, 1, 0, 0], [155, 29, 11, 55])
    b = np.repeat([1, 0, 1, 0], [155, 29, 11, 55])
    unpaired = stats.chi2_contingency([[184, 66], [166, 84]], correction=False).pvalue
    assert unpaired == pytest.approx(0.08, abs=0.003)
    found = compare_counts([made(a)], [made(b)], 1)
    assert (found.signs.better, found.signs.worse, found.signs.equal) == (29, 11, 210)
    assert found.signs.p == pytest.approx(stats.binomtest(29, 40).pvalue) and found.signs.p < 0.01
    assert found.flips.p == pytest.approx(found.signs.p, abs=0.003)
    assert found.difference.value == pytest.approx(18 / 250)
    assert 0.0 < found.difference.low < found.difference.value < found.difference.high


def test_difference_equals_scipys_paired_bootstrap() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.binomial(8, 0.5, 120), rng.binomial(8, 0.4, 120)
    found = compare_counts([made(a, 8)], [made(b, 8)], 1, resamples=40_000)
    reference = stats.bootstrap(((a - b) / 8,), np.mean, method="percentile", n_resamples=40_000, rng=rng)
    assert found.difference.value == pytest.approx((a - b).mean() / 8)
    assert (found.difference.low, found.difference.high) == pytest.approx(tuple(reference.confidence_interval), abs=2e-3)
    assert (found.student.low, found.student.high) == pytest.approx((found.difference.low, found.difference.high), abs=6e-3)


def test_sign_flips_equal_scipys_exact_permutation_test() -> None:
    gaps = np.array([0.3, -0.1, 0.2, 0.0, 0.25, 0.05, -0.15, 0.3, 0.1, 0.0])
    reference = stats.permutation_test((gaps,), np.sum, permutation_type="samples", n_resamples=np.inf)
    found = flip_signs(gaps, resamples=100, seed=0)
    assert found.p == pytest.approx(reference.pvalue)
    assert found.method == "exact, all 256 sign patterns"


def test_random_sign_flips_approach_the_normal_limit() -> None:
    rng = np.random.default_rng(4)
    gaps = rng.normal(0.1, 1.0, 300)
    found = flip_signs(gaps, resamples=20_000, seed=1)
    expected = 2 * stats.norm.sf(abs(gaps.sum()) / np.sqrt((gaps**2).sum()))
    assert found.p == pytest.approx(expected, abs=0.01)
    assert "Monte Carlo" in found.method
    assert flip_signs(np.full(300, 0.1), resamples=1000, seed=1).p == pytest.approx(1 / 1001)


@given(st.lists(st.integers(-8, 8), min_size=1, max_size=8))
def test_sign_flips_equal_brute_force(gaps: list[int]) -> None:
    parts = np.array(gaps) / 8
    sums = [abs(sum(s * x for s, x in zip(signs, gaps, strict=True))) for signs in product((1, -1), repeat=len(gaps))]
    expected = np.mean([total >= abs(sum(gaps)) for total in sums])
    assert flip_signs(parts, resamples=100, seed=0).p == pytest.approx(expected)


def test_p_is_uniform_when_nothing_differs() -> None:
    """Two runs of one model: the exact test rejects at 5 % no more often than 5 %."""
    rng = np.random.default_rng(6)
    p = rng.beta(1, 1, 15)
    rejected = 0
    for _ in range(400):
        a, b = rng.binomial(4, p), rng.binomial(4, p)
        rejected += flip_signs((a - b) / 60, resamples=100, seed=0).p <= 0.05
    assert rejected / 400 <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


def test_identical_sides_have_no_difference_and_an_honest_interval() -> None:
    side = [made([1, 0, 1, 1] * 10, 4)]
    found = compare_counts(side, side, 1)
    assert found.difference.value == 0.0 and found.signs.p == found.flips.p == 1.0
    assert found.difference.high == pytest.approx(1 - 0.025 ** (1 / 40))
    assert "none did" in found.difference.method


def test_one_problem_has_no_interval() -> None:
    found = compare_counts([made([1])], [made([0])], 1)
    assert found.difference.low is None and "one problem" in found.difference.reason
    assert found.flips.p == 1.0


def test_benchmarks_weigh_the_same() -> None:
    a = [made([1] * 10, benchmark="small"), made([0] * 90, benchmark="large")]
    b = [made([0] * 90, benchmark="large"), made([0] * 10, benchmark="small")]
    found = compare_counts(a, b, 1)
    assert found.difference.value == pytest.approx(0.5) and found.num_problems == 100


def test_problem_order_does_not_matter() -> None:
    a = made([1, 0, 1, 1, 0])
    turned = Counts(
        benchmark="b",
        problem_ids=a.problem_ids[::-1],
        num_samples=a.num_samples,
        num_correct=a.num_correct[::-1],
    )
    assert count_signs(np.zeros(5)).p == 1.0
    assert compare_counts([a], [turned], 1).signs.equal == 5


def test_seeds_are_averaged_by_problem() -> None:
    a = [made([4, 0], 4), made([2, 2], 4)]
    found = compare_counts(a, [made([2, 2], 4)], 1)
    assert found.a == pytest.approx(0.5) and (found.signs.better, found.signs.worse) == (1, 1)


def test_other_problems_and_too_large_k_are_refused() -> None:
    with pytest.raises(DataError, match="one side only"):
        compare_counts([made([1, 0])], [made([1, 0, 1])], 1)
    with pytest.raises(TooFewSamplesError, match="pass@8"):
        compare_counts([made([1, 0], 4)], [made([1, 0], 4)], 8)
