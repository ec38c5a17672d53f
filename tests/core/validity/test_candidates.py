import numpy as np
import pytest

from harness import Counts, DataError
from harness.validity import noise_ceiling, probability_best, relative_errors, rl_gain


def counts(rates: np.ndarray, name: str = "a", n: int = 64, seed: int = 0) -> Counts:
    """Counts at known rates, without sampling noise where rates * n are whole."""
    return Counts(
        benchmark=name,
        problem_ids=tuple(f"p{i}" for i in range(len(rates))),
        num_samples=np.full(len(rates), n),
        num_correct=np.rint(rates * n).astype(np.int64),
    )


def test_probability_best_shares_between_equals_and_sums_to_one() -> None:
    same = [counts(np.linspace(0, 1, 33))]
    shares = probability_best({"x": same, "y": same, "z": [counts(np.zeros(33))]}, 1, resamples=500)
    assert shares == pytest.approx({"x": 0.5, "y": 0.5, "z": 0.0})


def test_probability_best_matches_enumeration_of_all_resamples() -> None:
    # Two problems: a solves the first, b the second. Draws 11, 12, 21, 22: a wins one, ties two.
    shares = probability_best(
        {"a": [counts(np.array([1.0, 0.0]))], "b": [counts(np.array([0.0, 0.75]))]}, 1, resamples=40_000
    )
    assert shares["a"] == pytest.approx(0.75, abs=0.01)  # 11 and the two mixed draws, 1 against .75


def test_probability_best_is_paired_by_problem() -> None:
    rates = np.random.default_rng(0).beta(0.3, 0.5, 200)
    better = {"a": [counts(rates * 0.95, n=1000)], "b": [counts(rates, n=1000)]}
    assert probability_best(better, 1, resamples=1000)["b"] == 1.0  # the means' own standard errors overlap widely


def test_probability_best_uses_k() -> None:
    sure, broad = np.array([1.0, 1.0, 0.0, 0.0] * 20), np.full(80, 0.25)
    given = {"sure": [counts(sure)], "broad": [counts(broad)]}
    assert probability_best(given, 1, resamples=500)["sure"] > 0.99
    assert probability_best(given, 16, resamples=500)["broad"] > 0.99


def test_probability_best_refuses_candidates_measured_on_other_benchmarks() -> None:
    with pytest.raises(DataError, match="benchmark 'b' was measured for only one of 'x' and 'y'"):
        probability_best({"x": [counts(np.ones(3))], "y": [counts(np.ones(3)), counts(np.ones(3), "b")]}, 1)
    with pytest.raises(DataError, match="no candidates"):
        probability_best({}, 1)


def test_rl_gain_is_the_mean_gain_and_its_interval_knows_both_sources() -> None:
    rng = np.random.default_rng(1)
    before = {f"c{i}": [counts(rng.beta(0.5, 1.5, 40))] for i in range(12)}
    lift = {name: 0.1 + 0.05 * rng.normal() for name in before}
    after = {
        name: [counts(np.clip(entry[0].num_correct / 64 + lift[name] + 0.2 * rng.normal(size=40), 0, 1))]
        for name, entry in before.items()
    }
    gain = rl_gain(before, after, resamples=3000)
    plain = np.array([(after[n][0].num_correct - before[n][0].num_correct) / 64 for n in before])
    assert gain.value == pytest.approx(plain.mean())
    assert gain.low is not None and gain.high is not None and gain.low < gain.value < gain.high  # type: ignore[operator]
    by_candidate = plain.mean(axis=1).std(ddof=1) / 12**0.5
    by_problem = plain.mean(axis=0).std(ddof=1) / 40**0.5
    assert gain.high - gain.low > 2 * 1.9 * max(by_candidate, by_problem)
    assert "candidates and problems" in gain.method


def test_rl_gain_covers_when_candidates_and_problems_are_drawn_anew() -> None:
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(200):
        effect = 0.05 + 0.03 * rng.normal(size=(10, 1)) + 0.05 * rng.normal(size=(1, 30)) + 0.1 * rng.normal(size=(10, 30))
        pre = {str(i): [counts(np.full(30, 0.4), n=10_000)] for i in range(10)}
        post = {str(i): [counts(np.clip(0.4 + effect[i], 0, 1), n=10_000)] for i in range(10)}
        gain = rl_gain(pre, post, resamples=400)
        assert gain.low is not None and gain.high is not None
        hits += gain.low <= 0.05 <= gain.high
    assert hits / 200 >= 0.92


def test_rl_gain_refuses_candidates_without_a_partner() -> None:
    with pytest.raises(DataError, match="candidate 'y' was measured only before or only after RL"):
        rl_gain({"x": [counts(np.ones(3))]}, {"x": [counts(np.ones(3))], "y": [counts(np.ones(3))]})


def test_relative_errors_leave_out_what_all_candidates_share() -> None:
    rates = np.random.default_rng(0).beta(0.3, 0.5, 100)
    shifts = np.random.default_rng(1).normal(size=(3, 100)) * 0.01
    given = {f"c{i}": [counts(np.clip(rates + shifts[i], 0, 1), n=100_000)] for i in range(3)}
    errors = relative_errors(given, 1)
    values = np.array([given[name][0].num_correct / 100_000 for name in given])
    want = (values - values.mean(axis=0)).std(axis=1, ddof=1) / 10
    assert list(errors.values()) == pytest.approx(want.tolist())
    assert max(errors.values()) < 0.1 * rates.std() / 10  # a tenth of the unpaired standard error


def test_noise_ceiling_is_the_root_of_the_intraclass_correlation() -> None:
    table = np.array([[1.0, 2.0, 3.0, 4.0], [1.5, 2.0, 3.5, 5.0]])
    # Two-way layout by hand: candidate means 1.25 2 3.25 4.5, seed means 2.5 and 3.
    between = 2 * ((table.mean(0) - 2.75) ** 2).sum() / 3
    residual = table - table.mean(0) - table.mean(1, keepdims=True) + 2.75
    error = (residual**2).sum() / 3
    ceiling = noise_ceiling(table)
    assert ceiling.value == pytest.approx((1 - error / between) ** 0.5)
    assert ceiling.low is not None and ceiling.high is not None
    assert ceiling.low < ceiling.value < ceiling.high <= 1  # type: ignore[operator]


def test_noise_ceiling_ignores_a_shift_between_seeds() -> None:
    table = np.random.default_rng(0).random((3, 10))
    shifted = noise_ceiling(table + np.array([[0.0], [0.3], [-0.2]]))
    assert shifted.value == pytest.approx(noise_ceiling(table).value)


def test_noise_ceiling_is_near_zero_for_pure_noise_and_one_without_any() -> None:
    noise = noise_ceiling(np.random.default_rng(3).random((4, 40)))
    assert noise.low == 0.0 and noise.high is not None and noise.high < 0.8
    exact = noise_ceiling(np.tile(np.arange(5.0), (2, 1)))
    assert (exact.value, exact.low, exact.high) == (1.0, 1.0, 1.0)
    assert noise_ceiling(np.ones((1, 5))).value is None
    assert noise_ceiling(np.ones((2, 5))).reason == "all candidates have the same outcome"
    with pytest.raises(DataError, match="full table"):
        noise_ceiling(np.full((2, 3), np.nan))
