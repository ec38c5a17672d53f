import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

import harness_plugins.proxies as package
from harness import Counts, Evidence, LossTable, Proxy, ProxyValue, SampleTable, TooFewSamplesError, TrainingFacts

OFFERS: dict[str, Proxy] = {
    offer.name: offer for name in package.__all__ for offer in getattr(package, name).harness_proxies()
}
PASS = Counts(
    benchmark="a",
    problem_ids=("p", "q"),
    num_samples=np.array([4, 4]),
    num_correct=np.array([1, 2]),
)
OTHER = Counts(
    benchmark="b",
    problem_ids=("p", "q", "r"),
    num_samples=np.array([5, 5, 5]),
    num_correct=np.array([0, 5, 1]),
)
LOSS = LossTable(
    trace_ids=("s", "t"),
    num_tokens=np.array([10, 30]),
    nll=np.array([5.0, 3.0]),
    entropy=np.array([1.0, 1.0]),
    rank=np.array([20.0, 40.0]),
)
SAMPLES = SampleTable(
    benchmark="a",
    problem_ids=np.array(["p", "p", "q"]),
    index=np.array([0, 1, 0]),
    correct=np.array([True, False, False]),
    num_tokens=np.array([10, 10, 20]),
    truncated=np.array([False, False, False]),
    logprob=np.array([-5.0, -6.0, -7.0]),
    entropy=np.array([0.2, 0.4, 0.5]),
)


def read(name: str, evidence: Evidence, **settings: Any) -> ProxyValue:
    """Compute a proxy as the host would: settings through the schema, then the loaded component."""
    offer = OFFERS[name]
    params = TypeAdapter(offer.params).validate_python(settings)
    value = offer.load()(evidence, params)
    assert isinstance(value, ProxyValue)
    return value


def evidence(**fields: Any) -> Evidence:
    return Evidence(candidate="half x2", seed=3, **fields)


def loss_table(nll: list[float], tokens: list[int]) -> LossTable:
    return LossTable(
        trace_ids=tuple(str(i) for i in range(len(nll))),
        num_tokens=np.array(tokens, dtype=np.int64),
        nll=np.array(nll),
        entropy=np.zeros(len(nll)),
        rank=np.zeros(len(nll)),
    )


def training(**fields: Any) -> TrainingFacts:
    return TrainingFacts(**{"tokens": 900, "final_loss": 0.4, "position": 2, **fields})


HIGHER = """
pass@k headroom token-entropy combined informative-mass group-advantage-variance majority@k majority-gain
distinct-answer-rate beta-binomial-pass@k silhouette fisher-ratio reward-variance micro-probe sigmoid-ceiling entropy-law
random last-checkpoint most-sft-tokens
"""
LOWER = """
generalization-loss fixed-set-loss relative-loss coverage-profile rank-surprisal-ratio drift-kl parameter-distance
dead-group-rate pass-rate-variance coverage-ratio lowest-training-loss
"""
TRIVIAL = {"random", "last-checkpoint", "lowest-training-loss", "most-sft-tokens"}
NEEDS = {
    "counts": """pass@k headroom informative-mass group-advantage-variance dead-group-rate pass-rate-variance
        distinct-answer-rate beta-binomial-pass@k reward-variance""",
    "samples": "token-entropy majority@k majority-gain silhouette fisher-ratio",
    "base counts": "coverage-ratio",
    "own-loss": "generalization-loss rank-surprisal-ratio",
    "fixed-loss": "fixed-set-loss",
    "own-loss peers run": "relative-loss",
    "fixed-loss peers": "coverage-profile",
    "counts own-loss peers": "combined",
    "drift": "drift-kl parameter-distance",
    "rl-metrics": "micro-probe sigmoid-ceiling entropy-law",
    "training": "last-checkpoint lowest-training-loss most-sft-tokens",
    "": "random",
}


def test_offers_point_the_way_their_sources_say() -> None:
    assert {name for name, offer in OFFERS.items() if offer.higher_is_better} == set(HIGHER.split())
    assert {name for name, offer in OFFERS.items() if not offer.higher_is_better} == set(LOWER.split())
    assert {name for name, offer in OFFERS.items() if offer.trivial} == TRIVIAL


def test_offers_ask_for_the_evidence_they_read() -> None:
    def default(offer: Proxy) -> Any:
        return offer.params(k=2) if offer.name.endswith("@k") else offer.params()

    found = {name: " ".join(sorted(offer.needs(default(offer)))) for name, offer in OFFERS.items()}
    assert found == {name: needs for needs, names in NEEDS.items() for name in names.split()}


@pytest.mark.parametrize(("short", "name"), [("pass@16", "pass@k"), ("headroom@16", "headroom")])
def test_shorthand_becomes_params_when_the_pattern_matches(short: str, name: str) -> None:
    offer = OFFERS[name]
    assert offer.pattern is not None
    match = re.fullmatch(offer.pattern, short)
    assert match is not None
    params = TypeAdapter(offer.params).validate_python({"k": int(match["k"])})
    assert params == offer.params(k=16)
    assert offer.min_samples(params) == 16
    assert TypeAdapter(offer.params).dump_python(params) == {"k": 16}


@pytest.mark.parametrize(("name", "k"), [("pass@k", 0), ("headroom", 1), ("pass@k", -3)])
def test_params_refuse_a_k_that_means_nothing(name: str, k: int) -> None:
    with pytest.raises(ValidationError, match="greater than or equal"):
        TypeAdapter(OFFERS[name].params).validate_python({"k": k})


def test_offering_imports_nothing_heavy() -> None:
    script = (
        "import sys, harness_plugins.proxies as p; [list(getattr(p, n).harness_proxies()) for n in p.__all__]; "
        "print([m for m in ('numpy', 'scipy', 'torch', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_pass_at_k_averages_benchmarks_of_unlike_size() -> None:
    value = read("pass@k", evidence(counts=(PASS, OTHER)), k=2)
    first = ((1 - 3 / 6) + (1 - 1 / 6)) / 2  # C(3,2)/C(4,2), C(2,2)/C(4,2)
    second = (0 + 1 + (1 - 6 / 10)) / 3
    assert value.value == pytest.approx((first + second) / 2)
    assert value.low is not None and value.high is not None
    assert 0 <= value.low < value.value < value.high <= 1  # type: ignore[operator]


def test_pass_at_k_raises_when_samples_are_too_few() -> None:
    with pytest.raises(TooFewSamplesError, match="problem 'p' has 4"):
        read("pass@k", evidence(counts=(PASS,)), k=5)


def test_headroom_is_pass_at_k_minus_pass_at_1() -> None:
    given = evidence(counts=(PASS, OTHER))
    value, low = read("headroom", given, k=4), read("pass@k", given, k=1)
    high = read("pass@k", given, k=4)
    assert high.value is not None and low.value is not None
    assert value.value == pytest.approx(high.value - low.value)
    assert value.low is not None and value.low >= 0


@pytest.mark.parametrize(("name", "field"), [("generalization-loss", "own_loss"), ("fixed-set-loss", "fixed_loss")])
def test_losses_weigh_traces_by_tokens(name: str, field: str) -> None:
    value = read(name, evidence(**{field: LOSS}))
    assert value.value == pytest.approx(8 / 40)
    # residuals 5 - .2*10 = 3 and 3 - .2*30 = -3; V = 2/1 * 18 / 1600; t(1) = 12.706: cut off at 0
    assert value.low == 0
    assert value.high == pytest.approx(0.2 + 12.706204736 * (2 * 18 / 1600) ** 0.5)


@pytest.mark.parametrize(("name", "field"), [("generalization-loss", "own_loss"), ("fixed-set-loss", "fixed_loss")])
def test_losses_read_their_own_table_only(name: str, field: str) -> None:
    other = "fixed_loss" if field == "own_loss" else "own_loss"
    value = read(name, evidence(**{other: LOSS}))
    assert value.value is None and value.reason is not None and "no held-out traces" in value.reason
    empty = read(name, evidence(**{field: loss_table([], [])}))
    assert empty.value is None and empty.reason == value.reason
    diverged = read(name, evidence(**{field: loss_table([1.0, float("nan")], [5, 5])}))
    assert (diverged.value, diverged.reason) == (None, "the loss of some held-out trace is not finite")


def test_token_entropy_weighs_samples_by_tokens_over_all_benchmarks() -> None:
    more = SampleTable(
        benchmark="b",
        problem_ids=np.array(["p", "q"]),
        index=np.array([0, 0]),
        correct=np.array([False, False]),
        num_tokens=np.array([40, 0]),
        truncated=np.array([True, False]),
        logprob=np.array([-1.0, 0.0]),
        entropy=np.array([1.0, np.nan]),
    )
    value = read("token-entropy", evidence(samples=(SAMPLES, more)))
    assert value.value == pytest.approx((2 + 4 + 10 + 40) / 80)
    assert value.reason is None


def test_token_entropy_takes_problems_as_units_not_samples() -> None:
    value = read("token-entropy", evidence(samples=(SAMPLES,)))
    # r = 16/40; residuals p: 6 - 8 = -2, q: 10 - 8 = 2; V = 2 * 8 / 1600
    assert value.high == pytest.approx(0.4 + 12.706204736 * (2 * 8 / 1600) ** 0.5)


def test_token_entropy_keeps_the_value_and_flags_it_when_collapsed() -> None:
    low = SampleTable(
        benchmark="a",
        problem_ids=np.array(["p", "q"]),
        index=np.array([0, 0]),
        correct=np.array([True, True]),
        num_tokens=np.array([10, 10]),
        truncated=np.array([False, False]),
        logprob=np.array([-1.0, -1.0]),
        entropy=np.array([0.1, 0.2]),
    )
    value = read("token-entropy", evidence(samples=(low,)))
    assert value.value == pytest.approx(0.15)
    assert value.reason is not None and "below 0.18 nats" in value.reason


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("pass@k", {"k": 1}, "no benchmark was sampled"),
        ("headroom", {}, "no benchmark was sampled"),
        ("token-entropy", {}, "no sampled tokens"),
        ("last-checkpoint", {}, "nothing is known"),
        ("most-sft-tokens", {}, "nothing is known"),
        ("lowest-training-loss", {}, "not trained here"),
    ],
)
def test_proxies_are_undefined_with_a_reason_when_evidence_is_missing(
    name: str, settings: dict[str, int], reason: str
) -> None:
    value = read(name, evidence(), **settings)
    assert value.value is None and value.low is None and value.high is None
    assert value.reason is not None and reason in value.reason


def test_trivial_baselines_read_the_training_facts() -> None:
    facts = evidence(training=training())
    assert read("last-checkpoint", facts) == ProxyValue(value=2.0)
    assert read("most-sft-tokens", facts) == ProxyValue(value=900.0)
    assert read("lowest-training-loss", facts) == ProxyValue(value=0.4)


@pytest.mark.parametrize("loss", [None, float("nan"), float("inf")])
def test_lowest_training_loss_is_undefined_when_there_is_no_finite_loss(loss: float | None) -> None:
    value = read("lowest-training-loss", evidence(training=training(final_loss=loss)))
    assert value.value is None and value.reason


def test_random_depends_on_seed_and_name_and_on_nothing_else() -> None:
    drawn = [read("random", Evidence(candidate=f"c{i}", seed=s)).value for s in range(30) for i in range(30)]
    assert drawn[0] == read("random", Evidence(candidate="c0", seed=0, counts=(PASS,))).value
    assert len(set(drawn)) == 900
    assert all(value is not None and 0 <= value < 1 for value in drawn)
    assert abs(np.mean([value for value in drawn if value is not None]) - 0.5) < 0.05
