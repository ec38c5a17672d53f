from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from harness import Counts, DataError, TooFewSamplesError
from harness.estimators import (
    benchmark_pass_at_k,
    mean_pass_at_k,
    paired_difference,
    problem_values,
    weighted_mean,
)


def counts(name: str, correct: Sequence[int], n: int = 10, ids: Sequence[str] | None = None) -> Counts:
    names = tuple(ids) if ids is not None else tuple(f"p{i}" for i in range(len(correct)))
    return Counts(
        benchmark=name,
        problem_ids=names,
        num_samples=np.full(len(correct), n),
        num_correct=np.array(correct, dtype=np.int64),
    )


def test_mean_weighs_benchmarks_alike_whatever_their_size() -> None:
    estimate = mean_pass_at_k([counts("a", [10, 10, 10, 10]), counts("b", [0, 0])], 1)
    assert estimate.value == 0.5


def test_mean_interval_is_clopper_pearson_when_problems_are_all_or_nothing() -> None:
    # With p in {0, 1} the variance is p(1-p)/(n-1), so the effective size is n-1 and the t quantiles cancel.
    estimate = mean_pass_at_k([counts("a", [10] * 6 + [0] * 15)], 1)
    share, size = 6 / 21, 20
    low, high = (
        stats.beta.ppf(0.025, share * size, (1 - share) * size + 1),
        stats.beta.ppf(0.975, share * size + 1, (1 - share) * size),
    )
    assert estimate.low == pytest.approx(low, abs=1e-12)
    assert estimate.high == pytest.approx(high, abs=1e-12)
    assert estimate.method.startswith("Korn-Graubard")


@pytest.mark.parametrize(("right", "low", "high"), [(0, 0.0, 0.3085), (10, 0.6915, 1.0)])
def test_mean_interval_has_width_when_every_problem_agrees(right: int, low: float, high: float) -> None:
    estimate = mean_pass_at_k([counts("a", [right] * 10)], 1)
    assert (estimate.low, estimate.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_mean_has_an_interval_when_benchmarks_hold_one_problem_each() -> None:
    estimate = mean_pass_at_k([counts(name, [right]) for name, right in zip("abcdefg", range(2, 9), strict=True)], 1)
    assert estimate.low is not None and estimate.high is not None
    assert 0 < estimate.low < 0.5 < estimate.high < 1


def test_mean_has_an_interval_when_one_benchmark_of_two_holds_one_problem() -> None:
    estimate = mean_pass_at_k([counts("a", [1, 5, 9, 3]), counts("b", [5])], 1)
    assert estimate.low is not None and estimate.high is not None and estimate.low < 0.475 < estimate.high


def test_mean_has_no_interval_and_says_so_when_there_is_one_problem() -> None:
    estimate = mean_pass_at_k([counts("a", [5])], 1)
    assert (estimate.value, estimate.low, estimate.high) == (0.5, None, None)
    assert estimate.to_json()["reason"] == "one problem gives no interval"


def test_mean_interval_grows_with_problems_not_with_samples() -> None:
    few = mean_pass_at_k([counts("a", [3, 7, 1, 9, 5], n=10)], 1)
    many_samples = mean_pass_at_k([counts("a", [300, 700, 100, 900, 500], n=1000)], 1)
    assert (few.low, few.high) == (pytest.approx(many_samples.low), pytest.approx(many_samples.high))


def test_mean_covers_when_problems_are_drawn_from_a_skewed_population() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(600):
        rates = rng.beta(0.3, 0.9, (3, 25))
        estimate = mean_pass_at_k([counts(str(b), rng.binomial(32, rates[b]).tolist(), 32) for b in range(3)], 1)
        assert estimate.low is not None and estimate.high is not None
        hits += estimate.low <= 0.25 <= estimate.high
    assert 0.925 <= hits / 600 <= 0.985


def test_mean_averages_seeds_by_problem_instead_of_pooling_their_samples() -> None:
    seeds = [counts("a", [0, 4], 4, "xy"), counts("a", [4, 4], 4, "yx")]
    assert mean_pass_at_k([counts("a", [0], 4), counts("a", [4], 4)], 2).value == 0.5  # pooled 4 of 8: 0.786
    (entry,) = problem_values(seeds, 1)
    assert entry.values.tolist() == [0.5, 1.0]
    assert entry.problem_ids == ("x", "y")


def test_mean_refuses_seeds_with_different_problems() -> None:
    with pytest.raises(DataError, match="'a': problem 'x' is on one side only"):
        mean_pass_at_k([counts("a", [1], ids=["x"]), counts("a", [1], ids=["y"])], 1)
    with pytest.raises(DataError, match="no benchmark was measured"):
        mean_pass_at_k([], 1)
    with pytest.raises(DataError, match="benchmark 'a' has no problems"):
        mean_pass_at_k([counts("a", [])], 1)
    with pytest.raises(TooFewSamplesError, match="problem 'p0' has 10"):
        mean_pass_at_k([counts("a", [1])], 16)


def test_benchmark_pass_at_k_keeps_benchmarks_apart() -> None:
    by_name = benchmark_pass_at_k([counts("a", [10, 0]), counts("b", [5, 5])], 1)
    assert list(by_name) == ["a", "b"]
    assert by_name["a"].value == by_name["b"].value == 0.5
    assert by_name["a"].low is not None and by_name["b"].low is not None


def test_paired_difference_equals_the_paired_t_test_on_one_benchmark() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 11, 40), rng.integers(0, 11, 40)
    order = rng.permutation(40)
    estimate = paired_difference(
        [counts("x", a.tolist())],
        [counts("x", b[order].tolist(), ids=[f"p{i}" for i in order])],
        1,
    )
    interval = stats.ttest_rel(a / 10, b / 10).confidence_interval()
    assert estimate.value == pytest.approx((a - b).mean() / 10)
    assert (estimate.low, estimate.high) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_paired_difference_equals_welch_when_benchmarks_are_two() -> None:
    # Mean of two strata = half the difference of one and minus the other: Welch's standard error and freedom.
    rng = np.random.default_rng(2)
    first, second = rng.integers(0, 11, 12), rng.integers(0, 11, 30)
    zeros = [counts("x", [0] * 12), counts("y", [0] * 30)]
    estimate = paired_difference([counts("x", first.tolist()), counts("y", second.tolist())], zeros, 1)
    interval = stats.ttest_ind(first / 20, -second / 20, equal_var=False).confidence_interval()
    assert (estimate.low, estimate.high) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_paired_difference_is_narrower_than_unpaired_when_difficulty_is_shared() -> None:
    rng = np.random.default_rng(3)
    rates = rng.beta(0.4, 0.6, 200)
    a, b = rng.binomial(64, rates), rng.binomial(64, rates * 0.93)
    paired = paired_difference([counts("x", a.tolist(), 64)], [counts("x", b.tolist(), 64)], 1)
    single = mean_pass_at_k([counts("x", a.tolist(), 64)], 1)
    assert paired.low is not None and paired.high is not None and single.low is not None and single.high is not None
    assert paired.low > 0
    assert paired.high - paired.low < 0.25 * (single.high - single.low)


def test_paired_difference_of_equals_keeps_a_width() -> None:
    same = [counts("x", [3] * 20)]
    estimate = paired_difference(same, same, 1)
    half = 1 - 0.025 ** (1 / 20)
    assert (estimate.value, estimate.low, estimate.high) == (0.0, pytest.approx(-half), pytest.approx(half))
    assert "none did" in estimate.method


def test_paired_difference_takes_another_k_for_the_second() -> None:
    own = [counts("x", [1, 0, 5, 10])]
    headroom = paired_difference(own, own, 10, k_b=1)
    assert headroom.value == pytest.approx((1 + 0 + 1 + 1) / 4 - 0.4)


def test_paired_difference_refuses_unlike_sides() -> None:
    with pytest.raises(DataError, match="benchmark 'y' is on one side only"):
        paired_difference([counts("x", [1])], [counts("x", [1]), counts("y", [1])], 1)
    with pytest.raises(DataError, match="problem 'p' is on one side only"):
        paired_difference([counts("x", [1], ids=["p"])], [counts("x", [1], ids=["q"])], 1)
    with pytest.raises(DataError, match="occurs twice"):
        paired_difference(
            [counts("x", [1, 2, 3], ids=["p", "q", "r"])], [counts("x", [1, 2, 3, 4], ids=["p", "q", "r", "q"])], 1
        )


def test_weighted_mean_matches_the_linearised_ratio_by_hand() -> None:
    estimate = weighted_mean([2.0, 6.0, 1.0], [1, 3, 2])
    # r = 9/6 = 1.5; residuals .5, 1.5, -2; sum of squares 6.5; V = 3/2 * 6.5 / 36
    half = 4.302652729911275 * (1.5 * 6.5 / 36) ** 0.5
    assert estimate.value == 1.5
    assert (estimate.low, estimate.high) == (pytest.approx(1.5 - half), pytest.approx(1.5 + half))


def test_weighted_mean_with_equal_weights_is_the_plain_t_interval() -> None:
    values = np.random.default_rng(0).normal(size=30)
    estimate = weighted_mean(values * 7, np.full(30, 7))
    interval = stats.ttest_1samp(values, 0).confidence_interval()
    assert (estimate.low, estimate.high) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_weighted_mean_refuses_nothing_and_nan() -> None:
    with pytest.raises(DataError, match="there are no tokens"):
        weighted_mean([], [])
    with pytest.raises(DataError, match="unit number 1 has the total nan"):
        weighted_mean([1.0, float("nan")], [1, 1])
    assert weighted_mean([3.0], [2]).low is None
