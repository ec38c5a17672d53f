"""Sampling error of pass@k on given problems, against brute force."""

from math import comb

import numpy as np
import pytest
from scipy import stats

from harness import Counts
from harness.racing.reading import jackknife_variances, read


def counts(benchmark: str, n: int, correct: list[int]) -> Counts:
    return Counts(
        benchmark=benchmark,
        problem_ids=tuple(f"p{i}" for i in range(len(correct))),
        num_samples=np.full(len(correct), n),
        num_correct=np.array(correct),
    )


@pytest.mark.parametrize(("n", "k"), [(4, 1), (6, 4), (12, 8), (9, 2)])
def test_jackknife_equals_leaving_out_each_sample(n: int, k: int) -> None:
    def pass_at(n_: int, c: int) -> float:
        return 1.0 - comb(n_ - c, k) / comb(n_, k)

    for c in range(n + 1):
        left = [pass_at(n - 1, c - (i < c)) for i in range(n)]
        expected = (n - 1) / n * sum((value - np.mean(left)) ** 2 for value in left)
        assert jackknife_variances(n, k)[c] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("p", [0.03, 0.2, 0.5, 0.9])
@pytest.mark.parametrize(("n", "k"), [(4, 1), (6, 4), (24, 16)])
def test_jackknife_variance_is_unbiased_for_k_1_and_never_too_small_on_average(n: int, k: int, p: float) -> None:
    chance = stats.binom.pmf(np.arange(n + 1), n, p)
    values = np.array([1.0 - comb(n - c, k) / comb(n, k) for c in range(n + 1)])
    true = float(chance @ values**2 - (chance @ values) ** 2)
    expected = float(chance @ jackknife_variances(n, k))
    assert expected >= true - 1e-12
    if k == 1:
        assert expected == pytest.approx(p * (1 - p) / n)


def test_reading_averages_problems_then_benchmarks() -> None:
    found = read([counts("a", 4, [4, 0, 2]), counts("b", 4, [1])], 1)
    assert found.value == pytest.approx((0.5 + 0.25) / 2)
    step = 1 / 2 / 4
    parts = [2 * 2 / (16 * 3) / 36, 1 * 3 / (16 * 3) / 4]
    assert found.variance == pytest.approx(sum(parts) + step**2 / 2)
    assert found.samples == 4


def test_all_right_still_has_an_error() -> None:
    found = read([counts("a", 4, [4] * 10)], 1)
    assert found.value == 1.0
    assert found.variance == pytest.approx((1 / 40) ** 2 / 2)
    assert found.freedom == np.inf


def test_reading_of_n_equal_k_takes_the_largest_variance() -> None:
    assert read([counts("a", 8, [8, 0])], 8).variance >= 2 * 0.25 / 4
