"""Rank intervals against hand-made counts, SciPy's tests, and their own promise."""

import numpy as np
import pytest
from scipy import stats

from core.leaderboard.made_up import HALF, counts_of
from harness.estimators import paired_difference
from harness.leaderboard.ranks import decide, paired_p_values, rank_intervals, seed_spread


def places(above: np.ndarray) -> list[tuple[int, int]]:
    return [(one.first, one.last) for one in rank_intervals(above)]


def test_intervals_count_those_above_and_below() -> None:
    above = np.zeros((4, 4), dtype=bool)
    above[0, [2, 3]] = above[1, 3] = True
    assert places(above) == [(1, 2), (1, 3), (2, 4), (3, 4)]


def test_ranks_of_the_halves_are_what_a_hand_finds() -> None:
    """A above all, D below all; B and C differ on every problem and by nothing on average."""
    values = np.array(list(HALF.values()), dtype=float)
    p = paired_p_values([values])
    # A against D has no variance: the floor of 24 sign flips. A against B: 12 problems differ.
    assert p[0, 3] == 0.5**24
    t = 0.5 / np.sqrt(values[1].var(ddof=1) / 24)
    assert p[0, 1] == max(stats.t.sf(t, 23), 0.5**12) == 0.5**12
    assert p[1, 2] == 0.5 and p[3, 0] == 1 - 0.5**24
    assert places(decide(p)) == [(1, 1), (2, 3), (2, 3), (4, 4)]


def test_p_values_are_students_paired_ones() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(4, 60))
    p = paired_p_values([values])
    for row in range(4):
        for column in range(4):
            if row != column:
                expected = stats.ttest_rel(values[row], values[column], alternative="greater").pvalue
                assert p[row, column] == pytest.approx(expected, rel=1e-9)


def test_p_values_with_benchmarks_agree_with_the_interval_of_the_paired_difference() -> None:
    """Where the one-sided p is 2.5 %, the 95 % interval begins at 0: a scale of the gap is sought where it does."""
    rng = np.random.default_rng(4)
    left = [counts_of(rng.binomial(9, 0.6, size), 9, name) for name, size in (("easy", 30), ("hard", 12))]
    right = [counts_of(rng.binomial(9, 0.4, size), 9, name) for name, size in (("easy", 30), ("hard", 12))]
    strata = [np.stack([a.num_correct, b.num_correct]) / 9 for a, b in zip(left, right, strict=True)]
    p = paired_p_values(strata)[0, 1]
    found = paired_difference(left, right, 1, level=1.0 - 2.0 * p)
    assert found.low == pytest.approx(0.0, abs=1e-9)


def test_spread_from_seed_to_seed_is_pooled_over_candidates() -> None:
    spread = seed_spread([{1: 0.1, 2: 0.3}, {1: 0.5, 2: 0.5, 3: 0.8}, {1: 0.4}])
    assert spread is not None
    # Squares about the means: .02 and .06, over 1 + 2 degrees of freedom.
    assert spread.variance == pytest.approx(0.08 / 3) and spread.freedom == 3 and spread.num_seeds == (2, 3, 1)
    assert seed_spread([{1: 0.1}, {1: 0.5}]) is None


def test_spread_widens_the_test_by_its_variance_and_degrees_of_freedom() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(size=(2, 40)) + np.array([[0.5], [0.0]])
    spread = seed_spread([{1: 0.4, 2: 0.6, 3: 0.5}, {1: 0.1, 2: -0.1}])
    assert spread is not None
    gaps = values[0] - values[1]
    of_problems, of_runs = gaps.var(ddof=1) / 40, spread.variance * (1 / 3 + 1 / 2)
    whole = of_problems + of_runs
    freedom = whole**2 / (of_problems**2 / 39 + of_runs**2 / 3)
    assert paired_p_values([values], spread)[0, 1] == pytest.approx(stats.t.sf(gaps.mean() / np.sqrt(whole), freedom))


def test_one_problem_in_all_gives_no_decision() -> None:
    p = paired_p_values([np.array([[1.0], [0.0]])])
    assert np.isnan(p).all()
    assert places(decide(p)) == [(1, 2), (1, 2)]


def test_decisions_are_holms_over_ordered_pairs() -> None:
    p = np.array([[np.nan, 0.01, 0.008], [0.99, np.nan, 0.4], [0.992, 0.6, np.nan]])
    # Six hypotheses: .008 x 6 = .048 is rejected, .01 x 5 = .05 is too, .4 is not.
    assert decide(p).tolist() == [[False, True, True], [False, False, False], [False, False, False]]
    assert not decide(p * 1.1).any(), ".0088 x 6 is above .05, and Holm stops there"


def test_intervals_hold_all_true_ranks_at_once_as_often_as_promised() -> None:
    """Six candidates, two of them equal; three seeds each, with a spread from seed to seed as large as the gaps."""
    rng = np.random.default_rng(11)
    truth = np.array([0.30, 0.30, 0.36, 0.44, 0.50, 0.70])
    held, draws, decided = 0, 150, 0
    for _ in range(draws):
        problems = rng.normal(0, 0.15, 80)
        runs = truth[:, None] + rng.normal(0, 0.03, (6, 3))
        chance = np.clip(runs[:, :, None] + problems, 0, 1)
        right = rng.binomial(16, chance) / 16
        outcomes = [dict(enumerate(one)) for one in right.mean(axis=2)]
        above = decide(paired_p_values([right.mean(axis=1)], seed_spread(outcomes)))
        held += not above[truth[:, None] <= truth[None, :]].any()
        decided += int(above.sum())
    assert held >= 0.93 * draws
    assert decided > 5 * draws, "intervals that never decide hold always"
