"""The looks of a race and its critical value, against SciPy's multivariate normal and published constants."""

import math

import numpy as np
import pytest
from scipy import stats

from harness.racing.schedule import critical_value, crossing, rounds


@pytest.mark.parametrize(
    ("k", "budget", "expected"),
    [
        (1, 64, (4, 8, 16, 32, 64)),
        (1, 4, (4,)),
        (1, 3, (3,)),
        (1, 9, (4, 9)),
        (1, 10, (4, 8, 10)),
        (8, 64, (12, 24, 48, 64)),
        (16, 64, (24, 48, 64)),
        (64, 64, (64,)),
    ],
)
def test_rounds_double_up_to_the_budget(k: int, budget: int, expected: tuple[int, ...]) -> None:
    assert rounds(k, budget) == expected


def test_every_first_round_can_estimate_pass_at_k() -> None:
    for k in range(1, 40):
        for budget in range(k, 90):
            looks = rounds(k, budget)
            assert looks[0] >= k and looks[-1] == budget
            assert list(looks) == sorted(set(looks))


@pytest.mark.parametrize("looks", [(4, 8), (5, 6, 30, 64)])
def test_crossing_equals_the_multivariate_normal(looks: tuple[int, ...]) -> None:
    times = np.array(looks, dtype=float)
    covariance = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    normal = stats.multivariate_normal(np.zeros(len(looks)), covariance, abseps=1e-6, releps=1e-6, seed=0)
    for critical in (1.5, 2.5):
        assert crossing(looks, critical) == pytest.approx(1.0 - normal.cdf(np.full(len(looks), critical)), abs=2e-5)


def test_critical_value_equals_pococks_constant() -> None:
    """Two-sided 5 % at five equal looks: 2.413 (Jennison and Turnbull 2000, table 2.1); each side crosses half as often."""
    assert critical_value((1, 2, 3, 4, 5), 0.025) == pytest.approx(2.413, abs=0.002)


def test_critical_value_is_the_normal_quantile_at_one_look() -> None:
    assert critical_value((7,), 0.01) == pytest.approx(stats.norm.isf(0.01), abs=1e-9)


def test_critical_value_is_below_bonferroni_and_above_one_look() -> None:
    found = critical_value((4, 8, 16, 32), 0.005)
    assert stats.norm.isf(0.005) < found < stats.norm.isf(0.005 / 4)


def test_critical_value_is_infinite_without_a_look() -> None:
    assert critical_value((), 0.05) == math.inf
