import numpy as np
import pytest
from scipy import stats

from harness import Counts, Evidence, ProxyValue
from harness_plugins.proxies.coverage_ratio import Params, compute


def counts(correct: list[int], name: str = "a", samples: int = 64, ids: str = "pqrstu") -> Counts:
    return Counts(
        benchmark=name,
        problem_ids=tuple(ids[: len(correct)]),
        num_samples=np.full(len(correct), samples),
        num_correct=np.array(correct),
    )


def read(own: list[Counts], base: list[Counts], **settings: float) -> ProxyValue:
    reference = Evidence(candidate="base", seed=0, counts=tuple(base))
    given = Evidence(candidate="a", seed=0, counts=tuple(own), base=reference)
    return compute(given, Params(**settings))  # type: ignore[arg-type]


def test_ratio_pools_problems_of_all_benchmarks() -> None:
    base = [counts([0, 5, 9, 0]), counts([3, 2, 0], "b")]
    own = [counts([4, 0, 60, 1]), counts([0, 0, 8], "b")]
    value = read(own, base)  # lost: q, p, q; gained: p, s, r
    assert value.value == 1.0
    assert read(list(reversed(own)), base) == value


def test_ratio_has_the_odds_of_clopper_pearson() -> None:
    base, own = [counts([5, 5, 0, 0, 0, 1])], [counts([0, 5, 2, 3, 4, 1])]  # 1 lost, 3 gained
    value = read(own, base)
    interval = stats.binomtest(1, 4).proportion_ci(method="exact")
    assert value.value == pytest.approx(1 / 3)
    assert value.low == pytest.approx(interval.low / (1 - interval.low))
    assert value.high == pytest.approx(interval.high / (1 - interval.high))


def test_ratio_is_0_when_nothing_is_lost() -> None:
    value = read([counts([5, 5])], [counts([5, 0])])
    assert (value.value, value.low) == (0.0, 0.0)
    assert value.high == pytest.approx(0.975 / 0.025)  # 0 of 1: the upper end is 0.975


def test_ratio_is_undefined_and_counts_the_lost_when_nothing_is_gained() -> None:
    assert read([counts([0, 0, 5])], [counts([3, 4, 5])]) == ProxyValue(value=None, reason="nothing gained: 2 lost")
    same = [counts([3, 4, 0])]
    assert read(same, same) == ProxyValue(value=None, reason="nothing gained: 0 lost")


def test_ratio_is_undefined_when_the_base_reaches_nothing() -> None:
    value = read([counts([3, 4])], [counts([0, 0])])
    assert value == ProxyValue(value=None, reason="nothing reachable: the base reaches no problem")


def test_reaching_goes_by_k_and_threshold() -> None:
    # p = 1/64 over 44 and 45 draws: 0.4999 and 0.5077
    base, own = [counts([9, 0])], [counts([1, 1])]
    assert read(own, base, k=45).value == 0.0
    assert read(own, base, k=44).reason == "nothing gained: 1 lost"
    assert read(own, base, k=64, threshold=0.64).reason == "nothing gained: 1 lost"
    assert read(own, base, k=64, threshold=0.63).value == 0.0


def test_ratio_is_undefined_when_the_two_cannot_be_compared() -> None:
    assert compute(Evidence(candidate="a", seed=0), Params()).reason == "no benchmark was sampled"
    alone = Evidence(candidate="a", seed=0, counts=(counts([1]),))
    assert compute(alone, Params()).reason == "the base was not sampled"
    assert read([counts([1, 2])], [counts([1, 2], ids="px")]).reason == "problem 'q' of 'a' was not measured on both"
