from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from harness import DataError
from harness.estimators import ProblemValues, mean_over_problems, mean_pass_at_k
from harness.values import Counts


def values(name: str, numbers: Sequence[float], ids: Sequence[str] | None = None) -> ProblemValues:
    names = tuple(ids) if ids is not None else tuple(f"p{i}" for i in range(len(numbers)))
    return ProblemValues(benchmark=name, problem_ids=names, values=np.array(numbers, dtype=np.float64))


def test_mean_over_problems_weighs_benchmarks_alike_and_averages_seeds_by_problem() -> None:
    seeds = [values("a", [0.0, 1.0], "xy"), values("a", [0.5, 0.5], "yx"), values("b", [0.2, 0.4, 0.6])]
    assert mean_over_problems(seeds).value == pytest.approx(((0.25 + 0.75) / 2 + 0.4) / 2)


def test_mean_over_problems_is_clopper_pearson_at_n_scaled_when_problems_are_all_or_nothing() -> None:
    estimate = mean_over_problems([values("a", [0.25] * 6 + [0.0] * 15)], high=0.25)
    # p(1-p)/V = n - 1 for numbers at the bounds; then (z / t)^2
    size = 20 * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 20)) ** 2
    right, wrong = size * 6 / 21, size * 15 / 21
    assert estimate.value == pytest.approx(0.25 * 6 / 21)
    assert estimate.low == pytest.approx(0.25 * stats.beta.ppf(0.025, right, wrong + 1), abs=1e-12)
    assert estimate.high == pytest.approx(0.25 * stats.beta.ppf(0.975, right + 1, wrong), abs=1e-12)


def test_mean_over_problems_agrees_with_the_t_interval_when_bounds_are_far() -> None:
    numbers = np.random.default_rng(0).normal(0.5, 0.01, 12)
    interval = stats.ttest_1samp(numbers, 0).confidence_interval()
    near = mean_over_problems([values("a", list(numbers))])
    assert (near.low, near.high) == (pytest.approx(interval.low, abs=1e-4), pytest.approx(interval.high, abs=1e-4))
    far = mean_over_problems([values("a", list(numbers))], high=float("inf"))
    assert (far.low, far.high) == (pytest.approx(interval.low, abs=1e-12), pytest.approx(interval.high, abs=1e-12))
    assert far.method.startswith("Student t")


def test_mean_over_problems_cuts_the_t_interval_at_the_finite_bound() -> None:
    estimate = mean_over_problems([values("a", [0.0, 0.0, 0.9])], high=float("inf"))
    assert estimate.low == 0.0 and estimate.high is not None and estimate.high > 0.9


@pytest.mark.parametrize(("number", "low", "high"), [(0.0, 0.0, 1.0), (0.1, -1.0, 1.0), (1.0, 0.0, 1.0), (0.1, 0.0, 0.25)])
def test_mean_over_problems_keeps_a_width_when_all_problems_agree(number: float, low: float, high: float) -> None:
    estimate = mean_over_problems([values("a", [number] * 7), values("b", [number] * 13)], low=low, high=high)
    share = 1 - 0.025 ** (1 / 20)
    assert estimate.low == pytest.approx(number - (number - low) * share)
    assert estimate.high == pytest.approx(number + (high - number) * share)


def test_mean_over_problems_has_no_interval_when_nothing_bounds_it() -> None:
    one = mean_over_problems([values("a", [0.3])])
    assert (one.value, one.low, one.reason) == (0.3, None, "one problem gives no interval")
    alike = mean_over_problems([values("a", [0.3] * 4)], high=float("inf"))
    assert alike.value == pytest.approx(0.3) and alike.low is None and alike.reason is not None


def test_mean_over_problems_covers_when_problems_are_few_and_much_alike() -> None:
    rng = np.random.default_rng(1)
    draws = rng.beta(50, 50, (600, 6))
    found = [mean_over_problems([values("a", list(row))]) for row in draws]
    hits = sum(e.low <= 0.5 <= e.high for e in found if e.low is not None and e.high is not None)
    assert 0.925 <= hits / 600 <= 0.985


def test_mean_over_problems_refuses_nothing_and_numbers_that_are_not_finite() -> None:
    with pytest.raises(DataError, match="no benchmark was measured"):
        mean_over_problems([])
    with pytest.raises(DataError, match="benchmark 'a' has no problems"):
        mean_over_problems([values("a", [])])
    with pytest.raises(DataError, match="problem 'p1' has nan"):
        mean_over_problems([values("a", [0.1, float("nan")])])
    with pytest.raises(DataError, match="problem 'x' is on one side only"):
        mean_over_problems([values("a", [0.1], "x"), values("a", [0.1], "y")])


@pytest.mark.parametrize("problems", [7, 10, 13, 37, 100])
def test_pass_at_k_interval_is_that_of_equal_problems_when_rounding_alone_sets_them_apart(problems: int) -> None:
    # The mean of ten times 0.3 is not 0.3 in floating point; its variance of 1e-33 gave no width, or NaN.
    for right in range(1, 10):
        counts = Counts(
            benchmark="a",
            problem_ids=tuple(f"p{i}" for i in range(problems)),
            num_samples=np.full(problems, 10),
            num_correct=np.full(problems, right),
        )
        estimate = mean_pass_at_k([counts], 1)
        low = stats.beta.ppf(0.025, problems * right / 10, problems * (10 - right) / 10 + 1)
        high = stats.beta.ppf(0.975, problems * right / 10 + 1, problems * (10 - right) / 10)
        assert (estimate.low, estimate.high) == (pytest.approx(low), pytest.approx(high))
