"""Proxies from held-out losses, from drift, and from ranks among the candidates."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy.stats import binomtest, rankdata

import harness_plugins.proxies as package
from harness import Counts, Drift, Evidence, LossTable, Proxy, ProxyValue, TooFewSamplesError
from harness_plugins.proxies.combined import scaled_midrank

OFFERS: dict[str, Proxy] = {
    offer.name: offer for name in package.__all__ for offer in getattr(package, name).harness_proxies()
}


def read(name: str, evidence: Evidence, **settings: Any) -> ProxyValue:
    offer = OFFERS[name]
    value = offer.load()(evidence, TypeAdapter(offer.params).validate_python(settings))
    assert isinstance(value, ProxyValue)
    return value


def losses(nll: list[float], tokens: list[int] | None = None, rank: list[float] | None = None, names: str = "") -> LossTable:
    return LossTable(
        trace_ids=tuple(names or "abcdefghij"[: len(nll)]),
        num_tokens=np.array(tokens or [10] * len(nll), dtype=np.int64),
        nll=np.array(nll, dtype=np.float64),
        entropy=np.zeros(len(nll)),
        rank=np.array(rank or [0.0] * len(nll)),
    )


def drifted(**fields: Any) -> Drift:
    return Drift(
        **{
            "trace_ids": ("a", "b"),
            "num_tokens": np.array([10, 30]),
            "kl": np.array([5.0, 3.0]),
            "parameter_distance": 0.25,
            **fields,
        }
    )


def among(*candidates: Evidence) -> list[Evidence]:
    """Make candidates each other's peers."""
    return [replace(each, peers=candidates) for each in candidates]


def candidate(name: str, own: LossTable | None = None, fixed: LossTable | None = None, **fields: Any) -> Evidence:
    return Evidence(candidate=name, seed=0, own_loss=own, fixed_loss=fixed, **fields)


def test_relative_loss_divides_by_the_lowest_of_the_same_run_and_names_the_regime() -> None:
    found = among(
        candidate("early", losses([5.1, 5.1]), run="a"),  # 0.51 nats a token
        candidate("best", losses([4.0, 6.0]), run="a"),  # 0.50
        candidate("late", losses([5.4, 5.4]), run="a"),  # 0.54
        candidate("last", losses([5.5, 5.5]), run="a"),  # 0.55
        candidate("other run", losses([1.0, 1.0]), run="b"),
        candidate("other run, late", losses([2.0, 2.0]), run="b"),
    )
    values = [read("relative-loss", each) for each in found]
    assert [v.value for v in values] == pytest.approx([1.02, 1.0, 1.08, 1.1, 1.0, 2.0])
    assert [str(v.reason).split(" (")[0] for v in values] == [
        "stable",
        "stable",
        "mild overfitting",
        "severe overfitting",
        "stable",
        "severe overfitting",
    ]
    over_all = [read("relative-loss", each, over="all").value for each in found]
    assert over_all == pytest.approx([5.1, 5.0, 5.4, 5.5, 1.0, 2.0])


def test_relative_loss_reads_the_set_it_is_told() -> None:
    here, _ = among(
        candidate("a", losses([5.0]), losses([9.0]), run="r"),
        candidate("b", losses([4.0]), losses([6.0]), run="r"),
    )
    assert read("relative-loss", here).value == pytest.approx(1.25)
    assert read("relative-loss", here, set="fixed").value == pytest.approx(1.5)
    needs = OFFERS["relative-loss"].needs
    params = OFFERS["relative-loss"].params
    assert needs(params()) == {"own-loss", "peers", "run"}
    assert needs(params(set="fixed")) == {"fixed-loss", "peers", "run"}


@pytest.mark.parametrize(
    ("peers", "reason"),
    [
        ([], "no other of the checkpoints of the SFT run 'r' has a loss"),
        ([candidate("b", losses([1.0]), run="s")], "no other of the checkpoints"),
        ([candidate("b", None, run="r")], "no other of the checkpoints"),
        ([candidate("b", losses([np.nan, 1.0]), run="r")], "no other of the checkpoints"),
        ([candidate("b", losses([1.0, 1.0], names="xy"), run="r")], "different held-out traces; set 'fixed'"),
        ([candidate("b", losses([1.0, 1.0], tokens=[9, 10]), run="r")], "different held-out traces"),
        ([candidate("b", losses([0.0, 0.0]), run="r")], "the lowest loss is 0"),
    ],
)
def test_relative_loss_is_undefined_with_a_reason(peers: list[Evidence], reason: str) -> None:
    value = read("relative-loss", among(candidate("a", losses([5.0, 5.0]), run="r"), *peers)[0])
    assert value.value is None and value.reason is not None and reason in value.reason


def test_coverage_profile_counts_traces_far_below_the_best_of_any_candidate() -> None:
    log16 = float(np.log(16))
    found = among(
        candidate("a", fixed=losses([1.0, 10.0, 10.0, 10.0])),
        candidate("b", fixed=losses([1.0 + log16, 10.0 - log16 - 1e-9, 12.0, 9.0])),
        candidate("c", fixed=losses([9.0, 9.0, 8.0, 30.0])),
    )
    # The best, trace by trace: 1 (a), 10 - log 16 (b), 8 (c), 9 (b).
    assert [read("coverage-profile", each).value for each in found] == [1 / 4, 2 / 4, 2 / 4]
    assert [read("coverage-profile", each, n=1000).value for each in found] == [0, 0, 2 / 4]
    value = read("coverage-profile", found[1])
    wilson = binomtest(2, 4).proportion_ci(method="wilson")
    assert (value.low, value.high) == pytest.approx((wilson.low, wilson.high))


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (None, losses([1.0]), "no held-out traces common to all candidates"),
        (losses([1.0]), None, "candidate 'b' was scored on other held-out traces"),
        (losses([1.0]), losses([1.0], names="x"), "candidate 'b' was scored on other"),
        (losses([1.0]), losses([np.inf]), "not finite"),
    ],
)
def test_coverage_profile_is_undefined_when_traces_differ(
    first: LossTable | None, second: LossTable | None, reason: str
) -> None:
    value = read("coverage-profile", among(candidate("a", fixed=first), candidate("b", fixed=second))[0])
    assert value.value is None and value.reason is not None and reason in value.reason
    alone = read("coverage-profile", among(candidate("a", fixed=losses([1.0])))[0])
    assert (alone.value, alone.reason) == (None, "there is no other candidate to compare with")


def test_rank_surprisal_ratio_is_the_surprisal_weighted_mean_of_the_traces_ratios() -> None:
    table = losses([5.0, 3.0], rank=[20.0, 40.0])
    value = read("rank-surprisal-ratio", candidate("a", table))
    assert value.value == pytest.approx(60 / 8) == np.average([20 / 5, 40 / 3], weights=[5, 3])
    # residuals 20 - 7.5*5 = -17.5 and 40 - 7.5*3 = 17.5; V = 2 * 2 * 17.5^2 / 8^2; t(1) = 12.706: cut off at 0
    assert value.low == 0
    assert value.high == pytest.approx(7.5 + 12.706204736 * (4 * 17.5**2 / 64) ** 0.5)
    assert read("rank-surprisal-ratio", candidate("a", None, table), set="fixed").value == value.value


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (None, "no held-out traces of the candidate's own"),
        (losses([0.0, 0.0], rank=[1.0, 1.0]), "nothing in the held-out traces surprises"),
        (losses([np.inf, 1.0]), "not finite"),
        (losses([1e-7, 0.0], rank=[10.0, 10.0]), "nothing in the held-out traces surprises"),
    ],
)
def test_rank_surprisal_ratio_is_undefined_with_a_reason(table: LossTable | None, reason: str) -> None:
    value = read("rank-surprisal-ratio", candidate("a", table))
    assert value.value is None and value.reason is not None and reason in value.reason


def test_drift_kl_weighs_traces_by_tokens() -> None:
    value = read("drift-kl", candidate("a", drift=drifted()))
    assert value.value == pytest.approx(8 / 40)
    assert value.low == 0 and value.high is not None and value.high > 0.2
    same = read("drift-kl", candidate("base", drift=drifted(kl=np.zeros(2))))
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("drift", "reason"),
    [
        (None, "no held-out traces common to all candidates"),
        (drifted(trace_ids=(), num_tokens=np.zeros(0), kl=np.zeros(0)), "no held-out traces common to all candidates"),
        (
            drifted(trace_ids=(), num_tokens=np.zeros(0), kl=np.zeros(0), kl_reason="another vocabulary"),
            "another vocabulary",
        ),
        (drifted(kl=np.array([1.0, np.inf])), "the divergence on some held-out trace is not finite"),
    ],
)
def test_drift_kl_is_undefined_with_a_reason(drift: Drift | None, reason: str) -> None:
    assert read("drift-kl", candidate("a", drift=drift)) == ProxyValue(value=None, reason=reason)


def test_parameter_distance_is_read_as_measured() -> None:
    assert read("parameter-distance", candidate("a", drift=drifted())) == ProxyValue(value=0.25)
    unlike = drifted(parameter_distance=None, distance_reason="other shapes")
    assert read("parameter-distance", candidate("a", drift=unlike)) == ProxyValue(value=None, reason="other shapes")
    assert read("parameter-distance", candidate("a")).reason == "no distance was measured"


def counted(correct: list[int], samples: int = 4) -> tuple[Counts, ...]:
    return (
        Counts(
            benchmark="b",
            problem_ids=tuple(map(str, range(len(correct)))),
            num_samples=np.full(len(correct), samples),
            num_correct=np.array(correct),
        ),
    )


def test_combined_averages_the_scaled_ranks_of_both_features() -> None:
    found = among(
        candidate("a", losses([5.0]), counts=counted([1, 0])),  # lowest pass@1, tie for best loss
        candidate("b", losses([5.0]), counts=counted([2, 1])),
        candidate("c", losses([9.0]), counts=counted([4, 4])),  # best pass@1, worst loss
        candidate("lacks a loss", None, counts=counted([4, 4])),
    )
    values = [read("combined", each, k=1) for each in found]
    # midranks among three: pass@1 0, 1/2, 1; loss 3/4, 3/4, 0
    assert [v.value for v in values[:3]] == pytest.approx([(0 + 0.75) / 2, (0.5 + 0.75) / 2, 0.5])
    assert values[3] == ProxyValue(value=None, reason="no held-out traces of the candidate's own SFT distribution")


def test_combined_is_undefined_without_counts_or_peers_and_raises_when_k_is_beyond_the_samples() -> None:
    assert read("combined", candidate("a", losses([5.0]))).reason == "no benchmark was sampled"
    alone = among(candidate("a", losses([5.0]), counts=counted([1])))[0]
    assert read("combined", alone, k=1) == ProxyValue(value=None, reason="there is no other candidate to rank it among")
    with pytest.raises(TooFewSamplesError):
        read("combined", alone, k=5)
    assert OFFERS["combined"].min_samples(OFFERS["combined"].params(k=5)) == 5


@given(st.lists(st.integers(0, 4), min_size=2, max_size=9))
def test_scaled_midrank_is_scipys_rank_between_0_and_1(values: list[int]) -> None:
    found = [scaled_midrank(value, [float(v) for v in values]) for value in values]
    assert found == pytest.approx((rankdata(values) - 1) / (len(values) - 1))


def test_held_out_proxies_point_down_and_combined_up() -> None:
    names = ["relative-loss", "coverage-profile", "rank-surprisal-ratio", "drift-kl", "parameter-distance", "combined"]
    assert [OFFERS[name].higher_is_better for name in names] == [False] * 5 + [True]
    assert OFFERS["drift-kl"].needs(OFFERS["drift-kl"].params()) == {"drift"}
    assert OFFERS["coverage-profile"].needs(OFFERS["coverage-profile"].params()) == {"fixed-loss", "peers"}


def test_params_refuse_an_n_that_loses_everything() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 2"):
        TypeAdapter(OFFERS["coverage-profile"].params).validate_python({"n": 1})
