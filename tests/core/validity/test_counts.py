"""Validity from counts: pass@k tables, the k sweep, and benchmark by benchmark, against one pair at a time."""

import json

import numpy as np
import pytest
from scipy import stats

from harness import Counts, DataError, TooFewSamplesError
from harness.estimators import mean_pass_at_k
from harness.validity import ProxyColumn, by_benchmark, judge, k_sweep, pass_table
from harness.validity.association import spearman
from harness.validity.grid import rho_grid
from harness.validity.measure import Terms, estimate, pair_up
from harness.validity.pass_table import doubling_ks
from harness.validity.resamples import draw_resamples

N = 14
RNG = np.random.default_rng(5)
BENCHMARKS = {"easy": 9, "hard": 5, "odd": 1}


def drawn(rng: np.random.Generator, skill: float, samples: int = 12) -> list[Counts]:
    """Two seeds on three benchmarks of unlike sizes."""
    return [
        Counts(
            benchmark=name,
            problem_ids=tuple(f"{name}{i}" for i in range(size)),
            num_samples=np.full(size, samples),
            num_correct=rng.binomial(samples, np.clip(rng.beta(1, 2, size) + skill, 0, 1)),
        )
        for _ in range(2)
        for name, size in BENCHMARKS.items()
    ]


SKILL = np.linspace(0, 0.3, N)
PRE = {f"c{i}": drawn(RNG, skill) for i, skill in enumerate(SKILL)}
TABLE = pass_table(PRE)
OUTCOMES = {name: SKILL + 0.1 * RNG.normal(size=N) for name in BENCHMARKS}
MEAN_OUTCOME = np.mean(list(OUTCOMES.values()), axis=0)
SETTINGS = {"families": ["x"] * N, "resamples": 400, "seed": 3}


def terms(families: list[str], least: int = 10) -> Terms:
    return Terms(resamples=draw_resamples(families, 300, 1), method="percentile", level=0.95, min_candidates=least)


def test_doubling_ks_end_at_the_samples_drawn() -> None:
    assert doubling_ks(64) == (1, 2, 4, 8, 16, 32, 64)
    assert doubling_ks(12) == (1, 2, 4, 8, 12)
    assert doubling_ks(1) == (1,)


def test_pass_table_holds_the_means_the_estimator_gives() -> None:
    for k, overall in TABLE.overall().items():
        plain = [mean_pass_at_k(counts, k).value for counts in PRE.values()]
        np.testing.assert_allclose(overall, plain, atol=1e-13)
        for name in BENCHMARKS:
            own = [mean_pass_at_k([c for c in counts if c.benchmark == name], k).value for counts in PRE.values()]
            rest = [mean_pass_at_k([c for c in counts if c.benchmark != name], k).value for counts in PRE.values()]
            np.testing.assert_allclose(TABLE.on(name)[k], own, atol=1e-13)
            np.testing.assert_allclose(TABLE.without(name)[k], rest, atol=1e-13)


def test_pass_table_takes_problems_in_any_order() -> None:
    counts = PRE["c0"][0]
    turned = Counts(
        benchmark=counts.benchmark,
        problem_ids=counts.problem_ids[::-1],
        num_samples=counts.num_samples[::-1],
        num_correct=counts.num_correct[::-1],
    )
    table = pass_table({"a": [counts], "b": [turned]})
    np.testing.assert_allclose(table.values[:, 0], table.values[:, 1])


def test_pass_table_refuses_what_cannot_be_compared() -> None:
    one, two = PRE["c0"][0], PRE["c0"][1]
    with pytest.raises(DataError, match="benchmark 'hard' was measured for only one of 'a' and 'b'"):
        pass_table({"a": [one], "b": [one, two]})
    short = Counts(benchmark="easy", problem_ids=("q",), num_samples=np.array([4]), num_correct=np.array([1]))
    with pytest.raises(DataError, match="'b' and 'a' were not measured on the same problems"):
        pass_table({"a": [one], "b": [short]})
    with pytest.raises(TooFewSamplesError, match="problem 'q' has 4 samples"):
        pass_table({"b": [short]}, [8])
    with pytest.raises(DataError, match="no candidates"):
        pass_table({})


@pytest.mark.parametrize("families", [["x"] * N, [f"f{i % 3}" for i in range(N)], [f"f{i}" for i in range(N)]], ids=str)
def test_grid_gives_each_pair_what_the_pairwise_estimate_gives(families: list[str]) -> None:
    columns = [RNG.normal(size=N), np.round(RNG.normal(size=N)), np.ones(N), np.where(np.arange(N) < 3, np.nan, SKILL)]
    outcomes = [MEAN_OUTCOME, np.where(np.arange(N) == 5, np.nan, OUTCOMES["easy"]), np.round(OUTCOMES["hard"])]
    grid = rho_grid(columns, outcomes, terms(families))
    for i, column in enumerate(columns):
        for j, outcome in enumerate(outcomes):
            pair = pair_up(np.asarray(column), np.asarray(outcome))
            found = grid.estimate(i, j)
            assert grid.sizes[i, j] == pair.n
            if pair.why_undefined():
                assert found.value is None and found.low is None and found.reason
                continue
            expected = estimate(spearman, pair, terms(families))
            assert found.value == pytest.approx(stats.spearmanr(pair.proxy.values, pair.outcome.values).statistic, abs=1e-12)
            assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
            assert found.method == expected.method


def test_grid_gives_no_interval_to_few_candidates_and_no_value_to_two() -> None:
    some = np.where(np.arange(N) < 6, SKILL, np.nan)
    pair = np.where(np.arange(N) < 2, SKILL, np.nan)
    grid = rho_grid([some, pair], [MEAN_OUTCOME], terms(["x"] * N))
    assert grid.estimate(0, 0).value is not None and grid.estimate(0, 0).reason == "insufficient (n < 10)"
    assert grid.estimate(1, 0).value is None and "fewer than 3" in (grid.estimate(1, 0).reason or "")


def test_k_sweep_says_what_the_board_says_of_the_same_columns() -> None:
    columns = [ProxyColumn(name=f"{k}", higher_is_better=True, values=values) for k, values in TABLE.overall().items()]
    judged = judge(columns, MEAN_OUTCOME, baseline="1", splits=4, **SETTINGS)
    early, end = k_sweep(TABLE.overall(), {100: MEAN_OUTCOME, 5: OUTCOMES["easy"]}, **SETTINGS)
    assert (early.step, end.step) == (5, 100)
    assert [point.k for point in end.points] == [1, 2, 4, 8, 12]
    for point, one in zip(end.points, judged, strict=True):
        expected = one.spearman
        assert [point.spearman.value, point.spearman.low, point.spearman.high] == pytest.approx(
            [expected.value, expected.low, expected.high], abs=1e-12
        )
        if one.vs_baseline is None:
            assert point.vs_pass_at_1 is None
        else:
            versus = one.vs_baseline
            assert point.vs_pass_at_1 is not None
            assert [point.vs_pass_at_1.value, point.vs_pass_at_1.low, point.vs_pass_at_1.high] == pytest.approx(
                [versus.difference, versus.low, versus.high], abs=1e-12
            )
    text = json.dumps(end.to_json(), allow_nan=False)
    assert text.count("bootstrap") == 1


def test_k_sweep_needs_pass_at_1_and_an_outcome() -> None:
    with pytest.raises(DataError, match="needs pass@1"):
        k_sweep({2: SKILL}, {1: MEAN_OUTCOME}, **SETTINGS)
    with pytest.raises(DataError, match="outcomes at one step"):
        k_sweep({1: SKILL}, {}, **SETTINGS)
    with pytest.raises(DataError, match="leave it out"):
        k_sweep({1: np.where(np.arange(N) == 0, np.nan, SKILL)}, {1: MEAN_OUTCOME}, **SETTINGS)


def test_by_benchmark_correlates_with_the_outcome_on_each_alone() -> None:
    loss = ProxyColumn(name="loss", higher_is_better=False, values=-SKILL)
    found = by_benchmark([loss], OUTCOMES, TABLE, **SETTINGS)
    assert [one.benchmark for one in found.benchmarks] == list(BENCHMARKS)
    for one in found.benchmarks:
        after = OUTCOMES[one.benchmark]
        assert one.proxies[0].spearman.value == pytest.approx(stats.spearmanr(SKILL, after).statistic, abs=1e-12)
        for k, alone, rest in zip(TABLE.ks, one.alone, one.left_out, strict=True):
            assert alone.name == rest.name == f"pass@{k}"
            own, others = TABLE.on(one.benchmark)[k], TABLE.without(one.benchmark)[k]
            assert alone.spearman.value == pytest.approx(stats.spearmanr(own, after).statistic, abs=1e-12)
            assert rest.spearman.value == pytest.approx(stats.spearmanr(others, after).statistic, abs=1e-12)
    for place, row in enumerate(found.left_out_mean):
        parts = [one.left_out[place].spearman.value for one in found.benchmarks]
        assert row.spearman.value == pytest.approx(np.mean(parts), abs=1e-12)
        assert row.spearman.low is not None and row.spearman.low < row.spearman.value < (row.spearman.high or 0)
    json.dumps(found.to_json(), allow_nan=False)


def test_one_benchmark_leaves_none_out() -> None:
    column = ProxyColumn(name="p", higher_is_better=True, values=SKILL)
    table = pass_table({name: counts[:1] for name, counts in PRE.items()})
    found = by_benchmark([column], {"easy": OUTCOMES["easy"]}, table, **SETTINGS)
    assert found.left_out_mean == () and found.benchmarks[0].left_out == () and found.benchmarks[0].alone
    without = by_benchmark([column], OUTCOMES, None, **SETTINGS)
    assert without.left_out_mean == () and without.benchmarks[0].alone == ()


def test_by_benchmark_refuses_other_benchmarks() -> None:
    column = ProxyColumn(name="p", higher_is_better=True, values=SKILL)
    with pytest.raises(DataError, match="different benchmarks"):
        by_benchmark([column], {"easy": OUTCOMES["easy"]}, TABLE, **SETTINGS)
    with pytest.raises(DataError, match="at least one proxy"):
        by_benchmark([], OUTCOMES, TABLE, **SETTINGS)
