"""The probability of being best, against closed forms and simulation."""

import numpy as np
import pytest
from scipy import stats

from harness.racing.chances import chances, population


def test_two_candidates_follow_the_normal_difference() -> None:
    found = chances(np.array([0.52, 0.50]), np.array([0.0003, 0.0001]))
    assert found[0] == pytest.approx(stats.norm.cdf(0.02 / 0.0004**0.5), abs=2e-3)
    assert found.sum() == pytest.approx(1.0)


def test_three_candidates_match_a_simulated_posterior() -> None:
    values, variances = np.array([0.5, 0.51, 0.48]), np.array([1e-4, 4e-4, 9e-4])
    draws = np.random.default_rng(1).normal(values, np.sqrt(variances), (400_000, 3))
    expected = np.bincount(draws.argmax(axis=1), minlength=3) / len(draws)
    assert chances(values, variances) == pytest.approx(expected, abs=4e-3)


def test_equal_candidates_share_evenly() -> None:
    assert chances(np.full(5, 0.4), np.full(5, 1e-4)) == pytest.approx(np.full(5, 0.2))


def test_clear_best_is_certain() -> None:
    found = chances(np.array([0.1, 0.9, 0.1, 0.1]), np.full(4, 1e-5))
    assert found.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_population_solves_paule_and_mandels_equation() -> None:
    values, variances = np.array([0.3, 0.4, 0.45, 0.6, 0.35]), np.array([1, 2, 1, 4, 2]) * 1e-3
    centre, spread = population(values, variances)
    weights = 1 / (variances + spread)
    assert weights @ (values - centre) ** 2 == pytest.approx(len(values) - 1)
    assert centre == pytest.approx(weights @ values / weights.sum())


def test_population_has_no_spread_where_values_scatter_less_than_their_errors() -> None:
    assert population(np.array([0.5, 0.5001, 0.4999, 0.5]), np.full(4, 0.01))[1] == 0.0


def test_probabilities_are_calibrated_when_the_population_is_gaussian() -> None:
    rng = np.random.default_rng(5)
    said, right = [], []
    for _ in range(600):
        truth = rng.normal(0.5, 0.03, 8)
        variances = rng.choice([1e-5, 4e-5, 1e-4], 8)
        found = chances(rng.normal(truth, np.sqrt(variances)), variances)
        said.append(found.max())
        right.append(found.argmax() == truth.argmax())
    error = np.std(right) / len(right) ** 0.5
    assert np.mean(right) == pytest.approx(np.mean(said), abs=3 * error)
