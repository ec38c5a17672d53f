import math

import numpy as np
import pytest
from scipy import optimize, special, stats

from harness import Counts, Evidence, TooFewSamplesError
from harness_plugins.proxies import beta_binomial_pass_at_k
from harness_plugins.proxies.beta_binomial_fit import Fit, fit, tally
from harness_plugins.proxies.beta_binomial_pass_at_k import Params, compute, expected_pass, influence


def counts(correct: list[int], samples: int | list[int], name: str = "a") -> Counts:
    return Counts(
        benchmark=name,
        problem_ids=tuple(f"p{i}" for i in range(len(correct))),
        num_samples=np.broadcast_to(np.array(samples, dtype=np.int64), len(correct)).copy(),
        num_correct=np.array(correct, dtype=np.int64),
    )


def evidence(*entries: Counts) -> Evidence:
    return Evidence(candidate="a", seed=0, counts=entries)


def drawn(a: float, b: float, samples: int, problems: int, seed: int = 0) -> Counts:
    rng = np.random.default_rng(seed)
    return counts(rng.binomial(samples, rng.beta(a, b, problems)).tolist(), samples)


def log_likelihood(entry: Counts, a: float, b: float) -> float:
    return float(stats.betabinom.logpmf(entry.num_correct, entry.num_samples, a, b).sum())


@pytest.mark.parametrize(
    ("a", "b", "samples", "problems"),
    [(0.3, 0.9, 16, 500), (0.3, 0.9, 64, 30), (5, 5, 32, 100), (0.05, 0.5, 64, 50), (2, 50, 16, 200), (0.02, 2, 64, 300)],
)
def test_fit_is_the_optimum_of_scipys_likelihood(a: float, b: float, samples: int, problems: int) -> None:
    entry = drawn(a, b, samples, problems)
    found = fit(entry.num_correct, entry.num_samples)
    assert found is not None
    ours = log_likelihood(entry, found.mean / found.spread, (1 - found.mean) / found.spread)
    start = np.log([a, b])
    best = optimize.minimize(lambda x: -log_likelihood(entry, *np.exp(x)), start, method="Nelder-Mead", tol=1e-9)
    assert ours >= -best.fun - 1e-6


def test_fit_is_the_best_point_of_a_grid_when_samples_differ_by_problem() -> None:
    entry = counts([0, 1, 0, 7, 3, 9, 0, 2, 4, 0], [4, 6, 9, 8, 3, 12, 2, 5, 5, 7])
    found = fit(entry.num_correct, entry.num_samples)
    assert found is not None
    ours = log_likelihood(entry, found.mean / found.spread, (1 - found.mean) / found.spread)
    grid = [(m / t, (1 - m) / t) for m in np.linspace(0.02, 0.98, 49) for t in np.geomspace(1e-3, 1e3, 49)]
    scores = [log_likelihood(entry, a, b) for a, b in grid]
    assert max(scores) <= ours < max(scores) + 0.1


def test_tallies_have_the_derivatives_of_the_likelihood() -> None:
    entry = drawn(0.5, 1.5, 9, 40)
    tallies = tally(entry.num_correct, entry.num_samples)
    at, step = np.array([0.3, 0.7]), 1e-5
    for i in range(2):
        move = step * np.eye(2)[i]
        up, down = at + move, at - move
        slope = (log_likelihood(entry, *ab(up)) - log_likelihood(entry, *ab(down))) / (2 * step)
        assert tallies.gradient(*at)[i] == pytest.approx(slope, rel=1e-5)
        second = (tallies.gradient(*up) - tallies.gradient(*down)) / (2 * step)
        np.testing.assert_allclose(tallies.hessian(*at)[i], second, rtol=1e-5)


def ab(point: np.ndarray) -> tuple[float, float]:
    """From mean and spread to a and b."""
    return point[0] / point[1], (1 - point[0]) / point[1]


@pytest.mark.parametrize("k", [1, 5, 64, 4096])
def test_expected_pass_is_the_ratio_of_beta_functions(k: int) -> None:
    a, b = 0.4, 1.7
    want = 1 - math.exp(special.betaln(a, b + k) - special.betaln(a, b))
    assert expected_pass(Fit(mean=a / (a + b), spread=1 / (a + b)), k) == pytest.approx(want, rel=1e-10)


def test_value_foretells_pass_at_more_draws_than_were_made_and_covers_it() -> None:
    truth = 1 - math.exp(special.betaln(0.3, 0.9 + 256) - special.betaln(0.3, 0.9))
    value = compute(evidence(drawn(0.3, 0.9, 16, 2000)), Params(k=256))
    assert value.value == pytest.approx(truth, abs=0.03)
    assert value.low is not None and value.high is not None and value.low < truth < value.high


def test_value_is_the_mean_over_benchmarks_of_their_own_fits() -> None:
    first, second = drawn(0.3, 0.9, 16, 50), drawn(3, 2, 8, 20, seed=1)
    second = counts(second.num_correct.tolist(), 8, "b")
    singles = [compute(evidence(entry), Params(k=32)).value for entry in (first, second)]
    assert None not in singles
    assert compute(evidence(first, second), Params(k=32)).value == pytest.approx(np.mean(singles))  # type: ignore[arg-type]


def test_influence_is_how_the_value_moves_when_a_problem_counts_a_little_more() -> None:
    entry = drawn(0.5, 1.5, 9, 30)
    found = fit(entry.num_correct, entry.num_samples)
    assert found is not None
    moves = influence(entry, found, 20)
    assert moves is not None
    # Problem i given twice beside 199 copies of all: weight 1 + 30/6000 of the rest, so the value moves by influence / 6001.
    for i in (0, 7, 29):
        many = np.concatenate([np.tile(entry.num_correct, 200), entry.num_correct[i : i + 1]])
        other = fit(many, np.full(len(many), 9))
        assert other is not None
        assert (expected_pass(other, 20) - expected_pass(found, 20)) * len(many) == pytest.approx(
            moves[i], rel=0.02, abs=1e-3
        )


def test_interval_covers_when_problems_come_from_a_beta() -> None:
    truth = 1 - math.exp(special.betaln(2, 5 + 64) - special.betaln(2, 5))
    hits = 0
    for seed in range(200):
        value = compute(evidence(drawn(2, 5, 16, 60, seed)), Params(k=64))
        assert value.low is not None and value.high is not None
        hits += value.low <= truth <= value.high
    assert 0.9 <= hits / 200 <= 0.995


def test_one_rate_fits_all_when_problems_differ_no_more_than_chance() -> None:
    value = compute(evidence(counts([3, 3, 2, 4], 8)), Params(k=10))
    assert value.value == pytest.approx(1 - (1 - 12 / 32) ** 10)
    assert value.low is None and value.reason == "benchmark 'a': problems differ no more than chance, one rate fits all"


def test_binomial_limit_is_the_likelihoods_own_supremum() -> None:
    entry = counts([3, 3, 2, 4], 8)
    binomial = float(stats.binom.logpmf(entry.num_correct, 8, 12 / 32).sum())
    grid = [ab(np.array([m, t])) for m in np.linspace(0.1, 0.9, 41) for t in np.geomspace(1e-4, 1e3, 41)]
    assert max(log_likelihood(entry, a, b) for a, b in grid) < binomial


def test_all_or_nothing_stays_so() -> None:
    value = compute(evidence(counts([8, 0, 0, 8, 0], 8)), Params(k=1000))
    assert (value.value, value.low) == (pytest.approx(0.4), None)
    assert value.reason == "benchmark 'a': problems are all or nothing"


def test_all_right_is_1_and_none_right_is_undefined() -> None:
    sure = compute(evidence(counts([8, 8], 8)), Params(k=16))
    assert (sure.value, sure.low, sure.reason) == (1.0, None, "benchmark 'a': every sample is right")
    hopeless = compute(evidence(drawn(0.5, 0.5, 8, 9), counts([0, 0], 8, "b")), Params(k=16))
    assert (hopeless.value, hopeless.reason) == (None, "benchmark 'b' has no right sample to extrapolate from")
    assert compute(evidence(), Params(k=16)).reason == "no benchmark was sampled"


def test_single_samples_are_refused() -> None:
    with pytest.raises(TooFewSamplesError, match="problem 'p1' has 1 samples; draw at least 2"):
        compute(evidence(counts([0, 1], [2, 1])), Params(k=16))


def test_k_beyond_the_samples_passes_validation() -> None:
    (offer,) = beta_binomial_pass_at_k.harness_proxies()
    assert offer.min_samples(Params(k=1000)) == 2
