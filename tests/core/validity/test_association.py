import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.validity.association import (
    STATISTICS,
    associations,
    decision_accuracy,
    kendall,
    pearson,
    prepare,
    spearman,
    top1_regret,
)

TIED = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=3, max_size=25)


def columns(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n) * 1e-3 + 5
    return x, 0.5 * x + rng.normal(size=n) * 1e-3


@pytest.mark.parametrize("n", [3, 12, 60, 301])
def test_statistics_agree_with_scipy_to_1e_12(n: int) -> None:
    x, y = columns(n, n)
    a, b, ones = prepare(x), prepare(y), np.ones((1, n))
    assert spearman(a, b, ones)[0] == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert kendall(a, b, ones)[0] == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    assert pearson(a, b, ones)[0] ** 2 == pytest.approx(stats.linregress(x, y).rvalue ** 2, abs=1e-12)


@given(TIED)
def test_statistics_agree_with_scipy_when_values_tie(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    a, b, ones = prepare(x), prepare(y), np.ones((1, len(x)))
    got = [float(statistic(a, b, ones)[0]) for statistic in (spearman, kendall, pearson)]
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(got).all()
    else:
        want = [stats.spearmanr(x, y).statistic, stats.kendalltau(x, y).statistic, stats.pearsonr(x, y).statistic]
        np.testing.assert_allclose(got, want, atol=1e-12)


@given(TIED, st.integers(0, 99))
def test_weights_mean_what_drawing_a_candidate_several_times_means(pairs: list[tuple[int, int]], seed: int) -> None:
    x, y = np.array(pairs, dtype=float).T
    drawn = np.random.default_rng(seed).integers(0, len(x), len(x))
    weights = np.bincount(drawn, minlength=len(x)).astype(float)[None]
    a, b = prepare(x), prepare(y)
    again = prepare(x[drawn]), prepare(y[drawn])
    ones = np.ones_like(weights)
    for statistic in (spearman, kendall, pearson, decision_accuracy, top1_regret):
        np.testing.assert_allclose(statistic(a, b, weights), statistic(*again, ones), atol=1e-12)


def test_decision_accuracy_counts_pairs_and_halves_ties() -> None:
    outcome = prepare(np.array([1.0, 2.0, 3.0, 3.0]))
    proxy = prepare(np.array([1.0, 1.0, 0.0, 5.0]))
    # Pairs with unlike outcomes: 12 tie, 13 wrong, 14 right, 23 wrong, 24 right; 34 has no right order.
    assert decision_accuracy(proxy, outcome, np.ones((1, 4)))[0] == pytest.approx(2.5 / 5)


def test_top1_regret_averages_over_a_tied_pick() -> None:
    outcome = prepare(np.array([0.2, 0.5, 0.9]))
    assert top1_regret(prepare(np.array([7.0, 7.0, 1.0])), outcome, np.ones((1, 3)))[0] == pytest.approx(0.55)
    assert top1_regret(prepare(np.array([0.0, 1.0, 2.0])), outcome, np.ones((1, 3)))[0] == 0.0


def test_top1_regret_looks_at_drawn_candidates_only() -> None:
    outcome, proxy = prepare(np.array([0.2, 0.5, 0.9])), prepare(np.array([3.0, 2.0, 1.0]))
    assert top1_regret(proxy, outcome, np.array([[0.0, 3.0, 0.0], [0.0, 1.0, 2.0]])).tolist() == [0.0, 0.4]


def test_statistics_are_undefined_without_a_warning_when_nothing_was_drawn() -> None:
    a, b = prepare(np.array([1.0, 2.0, 3.0])), prepare(np.array([3.0, 2.0, 1.0]))
    for statistic in (spearman, kendall, pearson, decision_accuracy, top1_regret):
        assert np.isnan(statistic(a, b, np.zeros((1, 3)))).all()


@given(TIED, st.integers(0, 99))
def test_associations_are_the_statistics_one_by_one(pairs: list[tuple[int, int]], seed: int) -> None:
    x, y = np.array(pairs, dtype=float).T
    weights = np.random.default_rng(seed).multinomial(len(x), np.full(len(x), 1 / len(x)), size=4).astype(float)
    a, b = prepare(x), prepare(y)
    together = associations(a, b, weights)
    one_by_one = (spearman, pearson, kendall, decision_accuracy, top1_regret)
    assert tuple(statistic.__name__ for statistic in one_by_one) == STATISTICS
    np.testing.assert_array_equal(together, [statistic(a, b, weights) for statistic in one_by_one])
