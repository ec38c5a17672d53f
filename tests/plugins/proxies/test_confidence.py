"""Silhouette and Fisher ratio of right against wrong samples, against their definitions written out."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness import Evidence, NoParams, ProxyValue, SampleTable
from harness_plugins.proxies import fisher_ratio, silhouette

Numbers = NDArray[np.float64]


def table(
    probability: list[float], correct: list[bool], problems: list[str] | None = None, name: str = "a", tokens: int = 7
) -> SampleTable:
    size = len(correct)
    return SampleTable(
        benchmark=name,
        problem_ids=np.array(problems if problems is not None else [f"p{i}" for i in range(size)]),
        index=np.arange(size),
        correct=np.array(correct, dtype=bool),
        num_tokens=np.full(size, tokens),
        truncated=np.zeros(size, dtype=bool),
        logprob=tokens * np.log(np.array(probability)),
        entropy=np.zeros(size),
    )


def evidence(*tables: SampleTable) -> Evidence:
    return Evidence(candidate="a", seed=0, samples=tables)


def mixed(right: Numbers, wrong: Numbers) -> SampleTable:
    return table([*right, *wrong], [True] * len(right) + [False] * len(wrong))


def written_out(right: Numbers, wrong: Numbers) -> float:
    """The mean silhouette as scikit-learn documents it: 0 in a cluster of one and for 0 / 0."""
    scores = []
    for own, other in ((right, wrong), (wrong, right)):
        for i, x in enumerate(own):
            a = np.abs(np.delete(own, i) - x).mean() if len(own) > 1 else 0.0
            b = np.abs(other - x).mean()
            scores.append((b - a) / max(a, b) if len(own) > 1 and max(a, b) > 0 else 0.0)
    mean = float(np.mean(scores))
    return -mean if wrong.mean() > right.mean() else mean


CLASS = st.lists(st.sampled_from([0.25, 0.5, 0.625, 0.75, 1.0]) | st.floats(0.05, 1.0), min_size=1, max_size=12)


@given(CLASS, CLASS)
def test_silhouette_is_its_definition_when_values_tie_or_not(right: list[float], wrong: list[float]) -> None:
    # Through exp(log), so that both sides see the same rounding of P.
    given_ = mixed(np.array(right), np.array(wrong))
    seen = np.exp(given_.logprob / given_.num_tokens)
    first, second = seen[: len(right)], seen[len(right) :]
    # Gaps the size of rounding have a silhouette, and it means nothing.
    assume(not np.any((np.diff(np.sort(seen)) > 0) & (np.diff(np.sort(seen)) < 1e-9)))
    value = silhouette.compute(evidence(given_), NoParams())
    assert value.value == pytest.approx(written_out(first, second), abs=1e-6)
    assert -1 <= (value.value or 0) <= 1


def test_silhouette_by_hand() -> None:
    # right .9 .8, wrong .4 .2: a = .1 .1 .2 .2, b = .6 .5 .45 .65
    value = silhouette.compute(evidence(mixed(np.array([0.9, 0.8]), np.array([0.4, 0.2]))), NoParams())
    want = np.mean([0.5 / 0.6, 0.4 / 0.5, 0.25 / 0.45, 0.45 / 0.65])
    assert value == ProxyValue(value=pytest.approx(want))


def test_silhouette_is_negated_when_wrong_samples_are_more_confident() -> None:
    value = silhouette.compute(evidence(mixed(np.array([0.2, 0.4]), np.array([0.8, 0.9]))), NoParams())
    assert value.value == pytest.approx(-np.mean([0.5 / 0.6, 0.4 / 0.5, 0.25 / 0.45, 0.45 / 0.65]))


def test_silhouette_is_0_exactly_when_all_samples_are_equally_probable() -> None:
    for size in (1, 2, 999):
        same = mixed(np.full(size, 0.3), np.full(1000 - size, 0.3))
        assert silhouette.compute(evidence(same), NoParams()).value == 0.0


def test_silhouette_keeps_its_digits_when_samples_are_many() -> None:
    rng = np.random.default_rng(0)
    right, wrong = rng.beta(30, 2, 100_000), rng.beta(25, 3, 150_000)
    scores = silhouette.silhouettes(right, wrong)
    order = np.sort(right)
    for i in (0, 17, 50_000, 99_999):
        a = np.abs(np.delete(order, i) - order[i]).mean()
        b = np.abs(wrong - order[i]).mean()
        assert scores[i] == pytest.approx((b - a) / max(a, b), abs=1e-9)


@pytest.mark.parametrize("module", [silhouette, fisher_ratio])
def test_confidence_is_undefined_when_a_class_is_empty(module: object) -> None:
    compute = module.compute  # type: ignore[attr-defined]
    assert compute(evidence(table([0.5, 0.6], [True, True])), NoParams()) == ProxyValue(
        value=None, reason="no sample is wrong"
    )
    assert compute(evidence(table([0.5], [False])), NoParams()).reason == "no sample is right"
    assert compute(evidence(), NoParams()).reason == "no benchmark was sampled"
    broken = table([0.5, float("nan")], [True, False])
    assert compute(evidence(broken), NoParams()).reason == "the log-probability of some sample is not a number"


def test_confidence_leaves_samples_without_tokens_out_and_joins_benchmarks() -> None:
    first = table([0.9, 0.4], [True, False])
    empty = table([1.0, 1.0], [True, False], name="b", tokens=0)
    second = table([0.8, 0.2], [True, False], name="c", tokens=31)
    both = silhouette.compute(evidence(first, empty, second), NoParams())
    assert both.value == pytest.approx(written_out(np.array([0.9, 0.8]), np.array([0.4, 0.2])))
    assert silhouette.compute(evidence(empty), NoParams()).value is None


def fisher(right: Numbers, wrong: Numbers) -> float:
    return float((right.mean() - wrong.mean()) ** 2 / (right.var(ddof=1) + wrong.var(ddof=1)))


def test_fisher_ratio_is_its_definition() -> None:
    right, wrong = np.array([0.9, 0.8, 0.95, 0.7]), np.array([0.4, 0.2, 0.7])
    value = fisher_ratio.compute(evidence(mixed(right, wrong)), NoParams())
    assert value.value == pytest.approx(fisher(right, wrong))


def test_fisher_ratio_has_the_jackknife_interval_over_problems() -> None:
    rng = np.random.default_rng(1)
    probability, correct = rng.beta(9, 2, 60), rng.random(60) < 0.6
    problem = rng.integers(0, 6, 60)
    given_ = table(probability.tolist(), correct.tolist(), [f"p{i}" for i in problem])
    value = fisher_ratio.compute(evidence(given_), NoParams())
    whole = fisher(probability[correct], probability[~correct])
    left = []
    for i in range(6):
        kept = problem != i
        left.append(fisher(probability[kept & correct], probability[kept & ~correct]))
    error = (5 / 6 * ((np.array(left) - np.mean(left)) ** 2).sum()) ** 0.5
    assert value.value == pytest.approx(whole)
    assert value.high == pytest.approx(whole + 2.570581836 * error)
    assert value.low == pytest.approx(max(whole - 2.570581836 * error, 0.0))


def test_fisher_ratio_is_undefined_without_spread_or_with_a_single_sample() -> None:
    for right, wrong in (([0.9, 0.9, 0.9], [0.3, 0.3]), ([0.5, 0.5], [0.5, 0.5])):
        flat = fisher_ratio.compute(evidence(mixed(np.array(right), np.array(wrong))), NoParams())
        assert flat.value is None and flat.reason is not None and flat.reason.endswith("no spread")
    single = fisher_ratio.compute(evidence(mixed(np.array([0.9]), np.array([0.3, 0.2]))), NoParams())
    assert (single.value, single.reason) == (None, "one class has a single sample, and so no variance")


def test_fisher_ratio_keeps_its_value_when_one_problem_holds_a_class() -> None:
    given_ = table([0.9, 0.8, 0.4, 0.2, 0.3], [True, True, False, False, False], ["p", "p", "q", "q", "r"])
    value = fisher_ratio.compute(evidence(given_), NoParams())
    assert value.value == pytest.approx(fisher(np.array([0.9, 0.8]), np.array([0.4, 0.2, 0.3])))
    assert value.low is None and value.reason is not None and "one problem holds a class" in value.reason
