"""Proxies from the first steps of an RL run."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from scipy.optimize import curve_fit
from scipy.stats import t

import harness_plugins.proxies as package
from harness import Evidence, Proxy, ProxyValue, TrainingFacts
from harness_plugins.proxies import sigmoid_ceiling
from harness_plugins.proxies.early_rl import curve_of

OFFERS: dict[str, Proxy] = {
    offer.name: offer for name in package.__all__ for offer in getattr(package, name).harness_proxies()
}
NAMES = ("micro-probe", "sigmoid-ceiling", "entropy-law")


def run_of(**columns: Any) -> Evidence:
    """A candidate whose RL run logged these metrics, one entry a step."""
    rows = tuple(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return Evidence(candidate="c", seed=0, training=TrainingFacts(tokens=0, final_loss=None, position=0, rl_metrics=rows))


def read(name: str, evidence: Evidence, **settings: Any) -> ProxyValue:
    offer = OFFERS[name]
    value = offer.load()(evidence, TypeAdapter(offer.params).validate_python(settings))
    assert isinstance(value, ProxyValue)
    return value


def sigmoid(done: NDArray[np.float64], start: float, top: float, middle: float, power: float) -> NDArray[np.float64]:
    """The published curve as it is written, C > 0."""
    found: NDArray[np.float64] = start + (top - start) / (1 + (middle / done) ** power)
    return found


def test_curve_knows_what_is_measured_before_an_update_and_what_after_it() -> None:
    rows = [
        {"reward": 0.1, "tokens": 100},
        {"reward": 0.2, "tokens": 250, "monitor_accuracy": 0.5},
        {"reward": 0.3},
    ]
    reward, monitor = curve_of(rows, "reward"), curve_of(rows, "monitor_accuracy")
    assert (reward.values.tolist(), reward.steps.tolist(), reward.tokens.tolist()) == (
        [0.1, 0.2, 0.3],
        [0, 1, 2],
        [0, 100, 250],
    )
    assert (monitor.values.tolist(), monitor.steps.tolist(), monitor.tokens.tolist()) == ([0.5], [2], [250])


@pytest.mark.parametrize("name", NAMES)
def test_early_rl_proxies_read_rl_metrics_up_to_their_steps_only(name: str) -> None:
    offer = OFFERS[name]
    assert offer.needs(offer.params()) == {"rl-metrics"}
    assert offer.min_rl_steps(offer.params()) == 60
    assert offer.higher_is_better
    reward = np.linspace(0.2, 0.5, 20) + 0.05 * np.sin(np.arange(20))
    entropy = np.linspace(1.0, 0.4, 20)
    changed = [np.r_[metric[:12], metric[12:] * 0.1] for metric in (reward, entropy)]
    whole, cut, other = (run_of(reward=r, entropy=e) for r, e in ((reward, entropy), (reward[:12], entropy[:12]), changed))
    settings = {"steps": 12, **({"window": 3} if name == "micro-probe" else {})}
    assert read(name, whole, **settings) == read(name, cut, **settings) == read(name, other, **settings)


@pytest.mark.parametrize("name", NAMES)
def test_early_rl_proxies_are_undefined_when_the_run_is_shorter(name: str) -> None:
    value = read(name, run_of(reward=[0.1] * 59, entropy=[1.0] * 59))
    assert value == ProxyValue(value=None, reason="the RL run has 59 of the 60 steps asked for")
    assert read(name, Evidence(candidate="c", seed=0)).reason == "there are no metrics of an RL run"


def test_micro_probe_is_the_last_window_less_the_first() -> None:
    reward = [0.1, 0.2, 0.9, 0.9, 0.3, 0.5, 0.9]
    assert read("micro-probe", run_of(reward=reward), steps=6, window=2).value == pytest.approx(0.4 - 0.15)
    monitor = [None, 0.2, 0.9, 0.9, None, 0.3, 0.9]
    value = read("micro-probe", run_of(monitor_accuracy=monitor), steps=6, window=2, metric="monitor_accuracy")
    assert value == ProxyValue(value=pytest.approx(0.1))


def test_micro_probe_is_undefined_when_the_metric_is_missing_or_not_finite() -> None:
    value = read("micro-probe", run_of(reward=[None, None, 0.1, 0.2]), steps=4, window=2)
    assert value == ProxyValue(value=None, reason="reward is not logged in the first 2 steps")
    value = read("micro-probe", run_of(reward=[0.1, 0.2, 0.1, np.nan]), steps=4, window=2)
    assert value == ProxyValue(value=None, reason="reward is not finite at some step")


def test_micro_probe_refuses_windows_that_overlap() -> None:
    with pytest.raises(ValidationError, match="two windows of 31 steps do not fit in 'steps' 60"):
        TypeAdapter(OFFERS["micro-probe"].params).validate_python({"window": 31})


@pytest.mark.parametrize(
    ("start", "top", "middle", "power"), [(0.2, 0.7, 18.0, 1.3), (0.05, 0.5, 80.0, 2.0), (0, 0.9, 5, 1)]
)
def test_sigmoid_ceiling_finds_the_top_of_an_exact_curve(start: float, top: float, middle: float, power: float) -> None:
    steps = np.arange(1, 60)
    value = read("sigmoid-ceiling", run_of(reward=[start, *sigmoid(steps, start, top, middle, power)]))
    assert value.value == pytest.approx(top, abs=1e-5)
    assert value.low == pytest.approx(top, abs=1e-4) == value.high


def test_sigmoid_ceiling_agrees_with_scipys_curve_fit_on_noisy_rewards() -> None:
    rng = np.random.default_rng(3)
    steps = np.arange(1, 60, dtype=np.float64)
    reward = rng.binomial(512, np.r_[0.2, sigmoid(steps, 0.2, 0.7, 15.0, 1.5)]) / 512
    value = read("sigmoid-ceiling", run_of(reward=reward))
    done = np.r_[1e-12, steps]
    best, covariance = curve_fit(sigmoid, done, reward, p0=(0.2, 0.7, 15.0, 1.5))
    assert value.value == pytest.approx(best[1], abs=1e-4)
    half = float(t.ppf(0.975, 56)) * covariance[1, 1] ** 0.5
    assert value.low == pytest.approx(best[1] - half, rel=0.01)
    assert value.high == pytest.approx(best[1] + half, rel=0.01)


def test_sigmoid_ceiling_counts_steps_or_tokens() -> None:
    tokens = np.cumsum(np.linspace(100, 400, 60))  # steps become longer
    spent = np.r_[0, tokens[:-1]]
    reward = np.r_[0.2, sigmoid(spent[1:], 0.2, 0.7, 3000.0, 1.5)]
    by_tokens = read("sigmoid-ceiling", run_of(reward=reward, tokens=tokens), unit="tokens")
    assert by_tokens.value == pytest.approx(0.7, abs=1e-5)
    by_steps = read("sigmoid-ceiling", run_of(reward=reward, tokens=tokens))
    assert by_steps.value is not None and abs(by_steps.value - 0.7) > 1e-3


STEPS = np.arange(60)


@pytest.mark.parametrize(
    ("columns", "settings", "reason"),
    [
        ({"reward": np.full(60, 0.4)}, {}, "the curve does not rise"),
        ({"reward": 0.5 - STEPS / 200}, {}, "the curve does not rise"),
        ({"reward": 0.1 + STEPS / 1000}, {}, "not identified"),
        ({"reward": 0.3 + 0.1 * (-1.0) ** STEPS}, {}, "not identified"),
        ({"reward": [0.4] * 7 + [None] * 53}, {}, "logged at 7 of the first 60 steps; the fit takes 8"),
        ({"reward": [0.4] * 59 + [np.nan]}, {}, "not finite"),
        ({"reward": STEPS / 60}, {"unit": "tokens"}, "tokens is not finite"),
        ({"reward": STEPS / 60, "tokens": [0] * 60}, {"unit": "tokens"}, "the run counts no tokens"),
        ({"reward": STEPS / 60}, {"metric": "monitor_accuracy"}, "monitor_accuracy is logged at 0"),
    ],
)
def test_sigmoid_ceiling_is_undefined_when_the_curve_does_not_determine_it(
    columns: dict[str, Any], settings: dict[str, Any], reason: str
) -> None:
    value = read("sigmoid-ceiling", run_of(**columns), **settings)
    assert value.value is None and value.reason is not None and reason in value.reason


def test_sigmoid_ceiling_starts_its_fit_within_its_bounds() -> None:
    for reward in (np.zeros(60), np.ones(60), np.r_[np.zeros(59), 1.0], 5.0 * np.ones(60), -np.ones(60)):
        assert read("sigmoid-ceiling", run_of(reward=reward)).value is None
    fit = sigmoid_ceiling.fitted(STEPS / 59, np.where(STEPS < 30, 0.2, 0.6))
    assert (np.array(sigmoid_ceiling.LOWEST) <= fit.x).all() and (fit.x <= np.array(sigmoid_ceiling.HIGHEST)).all()


def test_entropy_law_reads_the_line_at_entropy_0() -> None:
    entropy = np.linspace(1.2, 0.5, 60)
    value = read("entropy-law", run_of(entropy=entropy, reward=0.8 - 0.2 * np.exp(entropy)))
    assert value.value == pytest.approx(0.6)
    assert value.low == pytest.approx(0.6) == value.high


def test_entropy_law_has_the_interval_of_the_least_squares_line() -> None:
    rng = np.random.default_rng(1)
    entropy = np.linspace(0.6, 0.1, 60)
    reward = 0.8 - 0.2 * np.exp(entropy) + rng.normal(0, 0.02, 60)
    value = read("entropy-law", run_of(entropy=entropy, reward=reward))
    design = np.stack([np.ones(60), np.exp(entropy)], axis=1)
    (b, slope), rss, *_ = np.linalg.lstsq(design, reward)
    at = np.ones(2)
    error = (rss[0] / 58 * at @ np.linalg.inv(design.T @ design) @ at) ** 0.5
    half = t.ppf(0.975, 58) * error
    assert (value.value, value.low, value.high) == pytest.approx((b + slope, b + slope - half, b + slope + half))


def test_entropy_law_keeps_and_flags_a_value_no_reward_can_reach() -> None:
    entropy = np.linspace(0.5, 0.4, 60)
    value = read("entropy-law", run_of(entropy=entropy, reward=2.0 - np.exp(entropy) * 0.9))
    assert value.value == pytest.approx(1.1)
    assert value.reason is not None and "above 1" in value.reason


FALLING = np.linspace(1.0, 0.5, 60)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"entropy": FALLING, "reward": FALLING}, "a is not positive"),
        ({"entropy": FALLING, "reward": np.full(60, 0.3)}, "a is not positive"),
        ({"entropy": np.full(60, 0.7), "reward": 1 - FALLING}, "the entropy does not vary"),
        ({"entropy": [0.5, 0.4] + [None] * 58, "reward": FALLING}, "2 steps log both reward and entropy"),
        ({"reward": FALLING}, "0 steps log both"),
        ({"entropy": np.r_[FALLING[:59], 1e4], "reward": FALLING}, "not finite"),
        ({"entropy": FALLING / 100 + 3, "reward": 0.5 - 0.4 * (-1.0) ** STEPS}, "the 95 % interval is"),
    ],
)
def test_entropy_law_is_undefined_with_a_reason(columns: dict[str, Any], reason: str) -> None:
    value = read("entropy-law", run_of(**columns))
    assert value.value is None and value.reason is not None and reason in value.reason
