"""Proxies that are a mean over problems of something read from (n, c)."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from harness import Counts, Evidence, NoParams, ProxyValue, TooFewSamplesError
from harness_plugins.proxies import (
    dead_group_rate,
    distinct_answer_rate,
    group_advantage_variance,
    informative_mass,
    pass_rate_variance,
    reward_variance,
)


def counts(name: str, correct: Sequence[int], samples: int | Sequence[int] = 6, **fields: Any) -> Counts:
    return Counts(
        benchmark=name,
        problem_ids=tuple(f"p{i}" for i in range(len(correct))),
        num_samples=np.broadcast_to(np.array(samples, dtype=np.int64), len(correct)).copy(),
        num_correct=np.array(correct, dtype=np.int64),
        **fields,
    )


def evidence(*entries: Counts) -> Evidence:
    return Evidence(candidate="a", seed=0, counts=entries)


FIRST, SECOND = counts("a", [0, 3, 6, 1]), counts("b", [2, 5], [4, 6])
PAIR = evidence(FIRST, SECOND)


def averaged(of_grades: Callable[[list[int]], float]) -> float:
    """Mean over both benchmarks of the mean over problems of a function of the grades themselves."""
    means = []
    for entry in (FIRST, SECOND):
        pairs = zip(entry.num_samples.tolist(), entry.num_correct.tolist(), strict=True)
        means.append(np.mean([of_grades([1] * c + [0] * (n - c)) for n, c in pairs]))
    return float(np.mean(means))


def checked(value: ProxyValue) -> float:
    assert value.value is not None and value.low is not None and value.high is not None
    assert value.low < value.value < value.high
    return value.value


def test_informative_mass_is_the_variance_of_the_grades() -> None:
    value = informative_mass.compute(PAIR, informative_mass.Params())
    assert checked(value) == pytest.approx(averaged(lambda grades: np.var(grades, ddof=1)))


def test_informative_mass_as_a_root_puts_the_rate_in() -> None:
    value = informative_mass.compute(PAIR, informative_mass.Params(form="root"))
    assert checked(value) == pytest.approx(averaged(lambda grades: np.std(grades)))


def test_group_advantage_variance_is_the_mean_over_all_groups_of_their_own_variance() -> None:
    value = group_advantage_variance.compute(PAIR, group_advantage_variance.Params(group_size=3))
    want = averaged(lambda grades: np.mean([np.var(group) for group in combinations(grades, 3)]))
    assert checked(value) == pytest.approx(want)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_dead_group_rate_is_the_share_of_all_groups_that_agree(size: int) -> None:
    value = dead_group_rate.compute(PAIR, dead_group_rate.Params(group_size=size))
    assert checked(value) == pytest.approx(
        averaged(lambda grades: np.mean([len(set(group)) == 1 for group in combinations(grades, size)]))
    )


def test_dead_group_rate_raises_when_a_group_is_larger_than_the_samples() -> None:
    with pytest.raises(TooFewSamplesError, match="problem 'p0' has 4"):
        dead_group_rate.compute(PAIR, dead_group_rate.Params(group_size=5))


def test_reward_variance_equals_informative_mass_over_prompts() -> None:
    assert reward_variance.compute(PAIR, reward_variance.Params()) == informative_mass.compute(
        PAIR, informative_mass.Params()
    )


def test_reward_variance_over_all_is_that_of_a_sample_of_a_random_prompt() -> None:
    value = reward_variance.compute(PAIR, reward_variance.Params(over="all"))
    rates = [np.array([0, 0.5, 1, 1 / 6]), np.array([0.5, 5 / 6])]
    assert value.value == pytest.approx(np.mean([r.mean() * (1 - r.mean()) for r in rates]))
    assert value.high is not None and value.high <= 0.25


def test_pass_rate_variance_takes_the_binomial_noise_off() -> None:
    value = pass_rate_variance.compute(evidence(FIRST), NoParams())
    rates = np.array([0, 3, 6, 1]) / 6
    noise = np.mean([0, 9 / (36 * 5), 0, 5 / (36 * 5)])
    assert checked(value) == pytest.approx(rates.var(ddof=1) - noise)


def test_pass_rate_variance_pseudo_values_equal_leaving_each_problem_out() -> None:
    correct = [0, 3, 6, 1, 2]
    whole = pass_rate_variance.pseudo_values(counts("a", correct)).mean()
    for i, pseudo in enumerate(pass_rate_variance.pseudo_values(counts("a", correct))):
        rest = pass_rate_variance.pseudo_values(counts("a", correct[:i] + correct[i + 1 :])).mean()
        assert pseudo == pytest.approx(5 * whole - 4 * rest)


def test_pass_rate_variance_has_no_bias() -> None:
    rng = np.random.default_rng(0)
    correct = rng.binomial(4, rng.beta(2, 3, (400, 30)))
    found = [float(pass_rate_variance.pseudo_values(counts("a", row, 4)).mean()) for row in correct]
    assert np.mean(found) == pytest.approx(0.04, abs=4 * np.std(found) / 20)  # Var of Beta(2, 3): 6 / (25 * 6)
    assert np.mean((correct / 4).var(axis=1, ddof=1)) > 0.08


def test_pass_rate_variance_is_0_with_a_reason_when_noise_explains_more_than_the_spread() -> None:
    value = pass_rate_variance.compute(evidence(counts("a", [3, 3, 3, 2])), NoParams())
    assert value.value == 0.0 and value.low == 0.0 and value.high is not None and value.high >= 0
    assert value.reason is not None and "noise alone" in value.reason


def test_pass_rate_variance_needs_two_problems_and_three_for_an_interval() -> None:
    one = pass_rate_variance.compute(evidence(FIRST, counts("b", [2])), NoParams())
    assert one.value is None and one.reason == "benchmark 'b' has too few problems for a variance over them"
    two = pass_rate_variance.compute(evidence(counts("b", [0, 6])), NoParams())
    assert (two.value, two.low, two.high) == (0.5, None, None) and two.reason


def test_distinct_answer_rate_divides_by_samples() -> None:
    given = evidence(counts("a", [0, 3], num_distinct=np.array([0, 3])), counts("b", [1], 4, num_distinct=np.array([4])))
    assert distinct_answer_rate.compute(given, NoParams()).value == pytest.approx((0.25 + 1) / 2)
    uncounted = distinct_answer_rate.compute(PAIR, NoParams())
    assert (uncounted.value, uncounted.reason) == (None, "distinct answers were not counted")


def test_variances_refuse_a_single_sample() -> None:
    single = evidence(counts("a", [0, 1], [2, 1]))
    for module in (informative_mass, group_advantage_variance, reward_variance):
        with pytest.raises(TooFewSamplesError, match="problem 'p1' has 1 samples; draw at least 2"):
            module.compute(single, module.Params())
    root = informative_mass.compute(single, informative_mass.Params(form="root"))
    assert root.value == 0.0


def test_masses_keep_a_width_when_every_problem_is_hopeless() -> None:
    value = informative_mass.compute(evidence(counts("a", [0] * 20)), informative_mass.Params())
    assert value.value == 0.0 == value.low
    assert value.high == pytest.approx(0.3 * (1 - 0.025 ** (1 / 20)))  # 0.3 = 9 / 30, the most 6 samples allow
