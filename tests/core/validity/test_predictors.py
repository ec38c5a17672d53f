from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import isotonic_regression

from harness.validity import predictors
from harness.validity.predictors import isotonic, linear, rank_only, two_features

BOARDS = st.lists(st.tuples(st.integers(-4, 4), st.integers(-3, 3)), min_size=4, max_size=14)


def drawn(n: int, splits: int, seed: int) -> np.ndarray:
    """Fitted masks of unlike sizes, two at least."""
    rng = np.random.default_rng(seed)
    return np.array([np.isin(np.arange(n), rng.permutation(n)[: rng.integers(2, n)]) for _ in range(splits)])


def plain_isotonic(x: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    knots, group, count = np.unique(x, return_inverse=True, return_counts=True)
    means = np.bincount(group, y) / count
    return np.interp(asked, knots, isotonic_regression(means, weights=count).x)


@given(BOARDS, st.integers(0, 99))
def test_isotonic_is_scipy_fit_interpolated_when_values_tie(pairs: list[tuple[int, int]], seed: int) -> None:
    x, y = np.array(pairs, dtype=float).T
    fitted = drawn(len(x), 5, seed)
    want = [plain_isotonic(x[row], y[row], x) for row in fitted]
    np.testing.assert_allclose(isotonic(x, y, fitted), want, atol=1e-12)


@pytest.mark.parametrize("together", [True, False])
def test_isotonic_is_scipy_fit_whichever_way_splits_are_pooled(together: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictors, "MOST_MEANS", 10**9 if together else 0)
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 60)) + 50.0
    fitted = drawn(60, 20, 1)
    want = [plain_isotonic(x[row], y[row], x) for row in fitted]
    np.testing.assert_allclose(isotonic(x, y, fitted), want, atol=1e-11)


@given(BOARDS, st.integers(0, 99))
def test_rank_only_reads_numpys_hazen_quantile_at_the_mid_quantile(pairs: list[tuple[int, int]], seed: int) -> None:
    x, y = np.array(pairs, dtype=float).T
    fitted = drawn(len(x), 5, seed)
    for row, predicted in zip(fitted, rank_only(x, y, fitted), strict=True):
        place = [(x[row] < value).mean() + (x[row] == value).mean() / 2 for value in x]
        np.testing.assert_allclose(predicted, np.quantile(y[row], place, method="hazen"), atol=1e-9)


def test_rank_only_gives_the_outcome_of_the_same_rank_and_the_mean_between_two() -> None:
    x, y = np.array([1.0, 2.0, 3.0, 2.5, 0.0, 9.0]), np.array([0.7, 0.1, 0.3, 99.0, 99.0, 99.0])
    fitted = np.array([[True, True, True, False, False, False]])
    np.testing.assert_allclose(rank_only(x, y, fitted), [[0.1, 0.3, 0.7, 0.5, 0.1, 0.7]])


def test_linear_is_scipys_line() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 15)) + 10.0
    for row, predicted in zip(drawn(15, 8, 2), linear(x, y, drawn(15, 8, 2)), strict=True):
        line = stats.linregress(x[row], y[row])
        np.testing.assert_allclose(predicted, line.intercept + line.slope * x, atol=1e-12)


def test_two_features_is_numpys_least_squares() -> None:
    rng = np.random.default_rng(3)
    a, b, y = rng.normal(size=(3, 15)) + 10.0
    fitted = np.array([np.isin(np.arange(15), rng.permutation(15)[:6]) for _ in range(8)])
    for row, predicted in zip(fitted, two_features(a, 1e6 * b, y, fitted), strict=True):
        design = np.stack([np.ones(15), a, b], axis=1)
        weights = np.linalg.lstsq(design[row], y[row], rcond=None)[0]
        np.testing.assert_allclose(predicted, design @ weights, atol=1e-9)


def test_two_features_that_are_one_predict_what_the_line_does() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 12))
    fitted = drawn(12, 8, 4)
    np.testing.assert_allclose(two_features(x, 3 * x + 1, y, fitted), linear(x, y, fitted), atol=1e-9)
    np.testing.assert_allclose(two_features(x, np.full(12, 0.1), y, fitted), linear(x, y, fitted), atol=1e-9)


@pytest.mark.parametrize("predictor", [linear, isotonic, rank_only])
def test_predictors_never_look_at_outcomes_they_were_not_given(predictor: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(2, 10))
    fitted = np.arange(10)[None, :] < 6
    other = np.where(fitted[0], y, 1e6)
    np.testing.assert_array_equal(predictor(x, y, fitted), predictor(x, other, fitted))


def test_linear_and_two_features_do_not_stretch_a_difference_of_rounding() -> None:
    x, y = np.array([0.0, 1.8e-155, 1.0, 2.0]), np.array([0.0, 1.0, 0.0, 1.0])
    fitted = np.array([[True, True, False, False]])
    np.testing.assert_array_equal(linear(x, y, fitted), np.full((1, 4), 0.5))
    np.testing.assert_array_equal(two_features(x, -x, y, fitted), np.full((1, 4), 0.5))


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_linear_and_two_features_do_not_depend_on_the_proxys_unit(scale: float) -> None:
    x, z, y = np.random.default_rng(7).normal(size=(3, 12))
    fitted = drawn(12, 6, 7)
    np.testing.assert_allclose(linear(x * scale, y, fitted), linear(x, y, fitted), atol=1e-12)
    np.testing.assert_allclose(two_features(x * scale, z, y, fitted), two_features(x, z, y, fitted), atol=1e-8)
