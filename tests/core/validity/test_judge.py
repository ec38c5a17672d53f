import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from harness import DataError, UserError
from harness.validity import Judgement, ProxyColumn, judge, judge_along
from harness.validity.multiplicity import holm
from harness.validity.splits import predictive_r2, split_keys

RNG = np.random.default_rng(11)
N = 24
OUTCOME = RNG.random(N)
GOOD = OUTCOME + 0.02 * RNG.normal(size=N)
POOR = OUTCOME + 0.9 * RNG.normal(size=N)


def column(name: str, values: Any, **fields: Any) -> ProxyColumn:
    return ProxyColumn(**{"name": name, "values": np.asarray(values, dtype=float), "higher_is_better": True, **fields})


def board(columns: list[ProxyColumn], outcome: Any = OUTCOME, **settings: Any) -> dict[str, Judgement]:
    given = {"families": ["base"] * len(outcome), "baseline": columns[0].name, "resamples": 2000, **settings}
    judged = judge(columns, outcome, **given)
    assert [one.name for one in judged] == [one.name for one in columns]
    for one in judged:
        json.dumps(one.to_json(), allow_nan=False)
    return {one.name: one for one in judged}


def test_judge_calls_a_much_better_proxy_better_and_a_worse_one_worse() -> None:
    up = board([column("poor", POOR), column("good", GOOD)])["good"]
    assert up.verdict == "better than baseline"
    assert up.vs_baseline is not None and up.vs_baseline.low is not None and up.vs_baseline.low > 0
    down = board([column("good", GOOD), column("poor", POOR)])["poor"]
    assert down.verdict == "worse than baseline"
    assert down.vs_baseline is not None and down.vs_baseline.high is not None and down.vs_baseline.high < 0


def test_judge_does_not_tell_a_proxy_from_its_own_copy() -> None:
    both = board([column("a", GOOD), column("b", np.exp(GOOD))])
    assert both["a"].verdict == "baseline" and both["a"].vs_baseline is None
    assert both["b"].verdict == "not distinguishable from baseline"
    assert both["b"].vs_baseline is not None
    assert (both["b"].vs_baseline.difference, both["b"].vs_baseline.p) == (0.0, 1.0)


def test_judge_applies_the_claimed_direction() -> None:
    judged = board([column("loss", -GOOD, higher_is_better=False), column("wrong", -GOOD)])
    assert judged["loss"].direction == "lower"
    assert judged["loss"].spearman.value == pytest.approx(stats.spearmanr(GOOD, OUTCOME).statistic, abs=1e-12)
    assert judged["wrong"].spearman.value == pytest.approx(-judged["loss"].spearman.value, abs=1e-12)  # type: ignore[operator]
    assert judged["wrong"].note == "points against its claimed direction"
    assert judged["wrong"].decision_accuracy.value == pytest.approx(1 - judged["loss"].decision_accuracy.value)  # type: ignore[operator]
    assert judged["wrong"].r2.value == pytest.approx(judged["loss"].r2.value)
    assert judged["wrong"].top1_regret.value == pytest.approx(OUTCOME.max() - OUTCOME[GOOD.argmin()])


def test_judge_gives_values_without_intervals_under_ten_candidates() -> None:
    few = board([column("a", POOR[:9]), column("b", GOOD[:9])], OUTCOME[:9])["b"]
    assert few.verdict == "insufficient (n < 10)"
    assert few.spearman.value == pytest.approx(stats.spearmanr(GOOD[:9], OUTCOME[:9]).statistic)
    for estimate in (few.spearman, few.r2, few.kendall, few.decision_accuracy, few.top1_regret, few.predictive_r2):
        assert (estimate.low, estimate.high) == (None, None)
        assert estimate.reason == "insufficient (n < 10)"
        assert estimate.value is not None
    assert few.vs_baseline is not None and few.vs_baseline.p_holm is None


def test_judge_gives_intervals_at_ten_candidates() -> None:
    ten = board([column("a", POOR[:10]), column("b", GOOD[:10])], OUTCOME[:10])["b"]
    assert ten.spearman.low is not None and ten.spearman.low <= ten.spearman.value  # type: ignore[operator]
    assert ten.verdict.endswith("baseline")


@pytest.mark.parametrize(
    ("values", "outcome", "note"),
    [
        (np.full(12, 3.5), OUTCOME[:12], "constant: 3.5 for every candidate"),
        (GOOD[:12], np.full(12, 0.25), "the outcome is constant: 0.25 for every candidate"),
        (np.full(12, np.nan), OUTCOME[:12], "0 of 12 candidates have both"),
        ([1.0, 2.0] + [np.nan] * 10, OUTCOME[:12], "2 of 12 candidates have both"),
    ],
)
def test_judge_says_undefined_and_why(values: Any, outcome: Any, note: str) -> None:
    judged = board([column("base", POOR[:12]), column("p", values, higher_is_better=False)], outcome)["p"]
    assert judged.verdict == "undefined"
    assert judged.note is not None and note in judged.note
    assert judged.spearman.value is None and judged.predictive_r2.value is None
    assert judged.vs_baseline is not None and judged.vs_baseline.difference is None


def test_judge_compares_with_nothing_when_the_baseline_is_undefined() -> None:
    judged = board([column("flat", np.ones(N)), column("good", GOOD)])
    assert judged["flat"].verdict == "undefined"
    assert judged["good"].verdict == "not distinguishable from baseline"
    assert judged["good"].vs_baseline is not None
    assert judged["good"].vs_baseline.reason == "constant: 1 for every candidate"


def test_judge_keeps_trivial_proxies_out_of_the_contest() -> None:
    judged = board([column("poor", POOR), column("good", GOOD), column("random", GOOD, trivial=True)])
    assert judged["random"].verdict == "trivial"
    assert judged["random"].vs_baseline is not None and judged["random"].vs_baseline.p_holm is None
    assert judged["good"].vs_baseline is not None
    assert judged["good"].vs_baseline.p_holm == judged["good"].vs_baseline.p  # one contender: nothing to adjust


def test_judge_leaves_out_missing_candidates_and_compares_on_the_shared_ones() -> None:
    gaps, holes = GOOD.copy(), OUTCOME.copy()
    gaps[:3], holes[-2:] = np.nan, np.nan
    judged = board([column("poor", POOR), column("good", gaps)], holes)["good"]
    assert judged.n == N - 5
    assert judged.note is not None and "5 of 24 candidates left out" in judged.note
    kept = slice(3, N - 2)
    assert judged.spearman.value == pytest.approx(stats.spearmanr(GOOD[kept], OUTCOME[kept]).statistic, abs=1e-12)
    difference = stats.spearmanr(GOOD[kept], OUTCOME[kept]).statistic - stats.spearmanr(POOR[kept], OUTCOME[kept]).statistic
    assert judged.vs_baseline is not None
    assert judged.vs_baseline.difference == pytest.approx(difference, abs=1e-12)


def test_judge_is_the_same_again_and_for_another_order_of_columns() -> None:
    first = board([column("poor", POOR), column("good", GOOD)])
    again = board([column("good", GOOD), column("poor", POOR)], baseline="poor")
    assert first["good"].to_json() == again["good"].to_json()
    other = board([column("poor", POOR), column("good", GOOD)], seed=1)
    assert other["good"].spearman.low != first["good"].spearman.low


def test_judge_reports_each_family_and_warns_when_candidates_share_one() -> None:
    families = ["a"] * 12 + ["b"] * 10 + ["c"] * 2
    judged = board([column("good", GOOD)], families=families)["good"]
    assert judged.families == 3
    assert judged.note is not None and "rows of one family are not independent" in judged.note
    assert list(judged.by_family) == ["a", "b"]
    assert judged.by_family["b"].value == pytest.approx(stats.spearmanr(GOOD[12:22], OUTCOME[12:22]).statistic)
    assert judged.scope == "further candidates of these 3 families, not new families"
    assert "within families" in judged.spearman.method


def test_judge_widens_the_interval_when_families_move_together() -> None:
    rng = np.random.default_rng(0)
    centre = rng.normal(size=(2, 12))
    x, y = (np.repeat(side, 5) + 0.05 * rng.normal(size=60) for side in centre)
    blocked = board([column("p", x)], y, families=[f"f{i // 5}" for i in range(60)])["p"].spearman
    naive = board([column("p", x)], y)["p"].spearman
    assert blocked.low is not None and blocked.high is not None and naive.low is not None and naive.high is not None
    assert blocked.high - blocked.low > 1.5 * (naive.high - naive.low)
    assert "over families" in blocked.method


def test_judge_warns_when_outcomes_differ_by_no_more_than_noise() -> None:
    noisy = board([column("good", GOOD)], outcome_se=np.full(N, 0.5))["good"]
    assert noisy.note is not None and "uninformative spread" in noisy.note
    assert board([column("good", GOOD)], outcome_se=np.full(N, 0.01))["good"].note is None


def test_judge_admits_that_a_perfect_order_has_no_width() -> None:
    judged = board([column("oracle", OUTCOME)])["oracle"]
    assert judged.spearman.low == judged.spearman.high == 1.0
    assert judged.note is not None and "the interval has no width" in judged.note


@pytest.mark.parametrize(
    ("columns", "settings", "error", "message"),
    [
        ([column("a", GOOD)], {"baseline": "pass@1"}, UserError, "no proxy is called 'pass@1'"),
        ([column("a", GOOD), column("a", POOR)], {}, UserError, "two proxies are called 'a'"),
        ([column("a", GOOD[:5])], {}, DataError, "proxy 'a': 5 entries for 24 candidates"),
        ([column("a", GOOD)], {"families": ["x"]}, DataError, "families: 1 entries for 24"),
        ([column("a", np.full(N, np.inf))], {}, DataError, "proxy 'a': an infinite value"),
    ],
)
def test_judge_refuses_what_does_not_fit(
    columns: list[ProxyColumn], settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        board(columns, **settings)


def test_judge_never_calls_the_best_of_twenty_useless_proxies_better_too_often() -> None:
    rng = np.random.default_rng(2)
    called = 0
    for _ in range(40):
        columns = [column(f"p{i}", rng.normal(size=20)) for i in range(21)]
        judged = judge(columns, rng.normal(size=20), families=["x"] * 20, baseline="p0", resamples=1200, splits=10)
        called += any(one.verdict == "better than baseline" for one in judged)
    assert called <= 4  # 5 % of 40 is 2


def test_holm_matches_the_textbook() -> None:
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert list(adjusted) == ["a", "b", "c", "d"]
    assert holm({}) == {}
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}


def test_predictive_r2_equals_a_plain_loop_over_the_same_halves() -> None:
    keys = split_keys(N, 50, 0)
    score = predictive_r2(POOR, OUTCOME, keys, level=0.95)
    plain = []
    for row in keys:
        order = row.argsort()
        fitted, tested = order[: N // 2], order[N // 2 :]
        line = stats.linregress(POOR[fitted], OUTCOME[fitted])
        error = OUTCOME[tested] - (line.intercept + line.slope * POOR[tested])
        plain.append(1 - (error**2).sum() / ((OUTCOME[tested] - OUTCOME[tested].mean()) ** 2).sum())
    assert score.value == pytest.approx(np.mean(plain), abs=1e-12)
    assert score.sd == pytest.approx(np.std(plain, ddof=1), abs=1e-12)
    assert score.median == pytest.approx(np.median(plain), abs=1e-12)
    assert score.splits == 50 and "not a confidence interval" in score.method


def test_predictive_r2_predicts_the_mean_when_the_fitted_half_is_constant() -> None:
    x = np.array([0.1] * 7 + [9.0])
    score = predictive_r2(x, np.arange(8.0), split_keys(8, 200, 0), level=0.95)
    assert score.value is not None and np.isfinite(score.value)
    # Wherever 9.0 is tested the slope is 0, so no score there is above 0.
    assert score.low is not None and score.low < 0


def test_judge_along_shows_a_proxy_that_foretells_the_start_only() -> None:
    outcomes = {120: OUTCOME, 10: POOR}
    early, late = judge_along(
        [column("early", POOR * 2), column("late", GOOD)], outcomes, families=["x"] * N, resamples=2000
    )
    assert [point.step for point in early.points] == [10, 120]
    assert early.points[0].spearman.value == pytest.approx(1.0)
    assert early.change.high is not None and early.change.high < 0
    assert late.change.low is not None and late.change.low > 0
    board_says = board([column("late", GOOD)])["late"]
    assert late.points[1].spearman == board_says.spearman
    assert late.points[1].r2 == board_says.r2
    json.dumps([early.to_json(), late.to_json()], allow_nan=False)


def test_judge_along_is_explicit_when_little_is_known() -> None:
    (one,) = judge_along([column("p", GOOD[:4])], {5: OUTCOME[:4]}, families=["x"] * 4)
    assert one.points[0].spearman.value is not None and one.points[0].spearman.low is None
    assert one.change.reason == "outcomes at one step only"
    (flat,) = judge_along([column("p", np.ones(N))], {5: OUTCOME, 9: GOOD}, families=["x"] * N)
    assert flat.points[1].spearman.reason == "constant: 1 for every candidate"
    assert flat.change.value is None
    json.dumps(flat.to_json(), allow_nan=False)
    with pytest.raises(DataError, match="outcomes at one step"):
        judge_along([], {}, families=[])


def test_judge_refuses_more_candidates_than_it_can_compare_in_pairs() -> None:
    with pytest.raises(DataError, match="2001 candidates; at most 2000"):
        board([column("a", np.arange(2001))], np.arange(2001.0))
