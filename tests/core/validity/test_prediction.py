import json

import numpy as np
import pytest

from harness import DataError, UserError
from harness.validity import Prediction, ProxyColumn, judge, predict, predict_combined
from harness.validity.predictors import PREDICTORS
from harness.validity.splits import split_keys

RNG = np.random.default_rng(6)
N = 20
OUTCOME = RNG.random(N)
GOOD = OUTCOME + 0.05 * RNG.normal(size=N)
POOR = OUTCOME + 0.5 * RNG.normal(size=N)
FAMILIES = [f"f{i % 4}" for i in range(N)]


def column(values: np.ndarray, name: str = "p", *, higher: bool = True) -> ProxyColumn:
    return ProxyColumn(name=name, higher_is_better=higher, values=values)


def by_way(found: list[Prediction]) -> dict[tuple[str, str], Prediction]:
    json.dumps([one.to_json() for one in found], allow_nan=False)
    return {(one.predictor, one.scheme): one for one in found}


def test_predict_gives_each_predictor_under_each_scheme() -> None:
    found = predict([column(GOOD), column(POOR, "q")], OUTCOME, families=FAMILIES, splits=50)
    ways = [(name, scheme) for scheme in ("half-splits", "leave-one-family-out") for name in ("linear", "isotonic", "rank")]
    assert [(one.proxy, one.predictor, one.scheme) for one in found] == [(p, *way) for p in "pq" for way in ways]
    assert {one.n for one in found} == {N}
    assert all(one.r2.sd is not None and one.mae.sd is not None for one in found if one.scheme == "half-splits")


def test_predict_by_line_on_half_splits_is_the_boards_predictive_r2() -> None:
    found = by_way(predict([column(POOR)], OUTCOME, families=FAMILIES, splits=100, seed=3))
    (judged,) = judge([column(POOR)], OUTCOME, families=FAMILIES, baseline="p", resamples=50, splits=100, seed=3)
    assert found["linear", "half-splits"].r2 == judged.predictive_r2


def test_half_splits_mae_is_a_plain_loop() -> None:
    score = by_way(predict([column(POOR)], OUTCOME, families=FAMILIES, splits=40))["linear", "half-splits"].mae
    errors = []
    for row in split_keys(N, 40, 0):
        order = row.argsort()
        slope, level = np.polyfit(POOR[order[:10]], OUTCOME[order[:10]], 1)
        errors.append(np.abs(OUTCOME[order[10:]] - level - slope * POOR[order[10:]]).mean())
    assert score.value == pytest.approx(np.mean(errors), abs=1e-12)
    assert score.sd == pytest.approx(np.std(errors, ddof=1), abs=1e-12)
    assert score.splits == 40


@pytest.mark.parametrize("name", list(PREDICTORS))
def test_leave_one_family_out_foretells_each_family_from_the_others(name: str) -> None:
    found = by_way(predict([column(POOR)], OUTCOME, families=FAMILIES))[name, "leave-one-family-out"]
    foretold = np.empty(N)
    for family in set(FAMILIES):
        own = np.array(FAMILIES) == family
        foretold[own] = PREDICTORS[name](POOR, OUTCOME, ~own[None, :])[0][own]
    error, spread = ((OUTCOME - foretold) ** 2).sum(), ((OUTCOME - OUTCOME.mean()) ** 2).sum()
    assert found.r2.value == pytest.approx(1 - error / spread)
    assert found.mae.value == pytest.approx(np.abs(OUTCOME - foretold).mean())
    assert found.r2.splits == 4 and found.r2.sd is None
    assert "the other 3 families" in found.r2.method


def test_leave_one_family_out_needs_three_families_with_a_reading() -> None:
    two = np.where(np.arange(N) % 4 < 2, POOR, np.nan)
    found = predict([column(two)], OUTCOME, families=FAMILIES, splits=20)
    assert {(one.scheme, one.n) for one in found} == {("half-splits", 10)}


def test_a_curved_proxy_is_foretold_better_by_order_than_by_line() -> None:
    curved = by_way(predict([column(np.exp(12 * OUTCOME))], OUTCOME, families=["a"] * N, splits=200))
    line = curved["linear", "half-splits"].r2.value
    assert line is not None
    for name in ("isotonic", "rank"):
        value = curved[name, "half-splits"].r2.value
        assert value is not None and value > line + 0.2 and value > 0.9


def test_predictors_of_order_follow_the_claimed_direction() -> None:
    loss = by_way(predict([column(-GOOD, higher=False)], OUTCOME, families=FAMILIES, splits=50))
    right = by_way(predict([column(GOOD)], OUTCOME, families=FAMILIES, splits=50))
    wrong = by_way(predict([column(-GOOD)], OUTCOME, families=FAMILIES, splits=50))
    for key, one in right.items():
        assert loss[key].r2.value == pytest.approx(one.r2.value)
    # A line may fall; a claimed order that is wrong foretells nothing.
    assert wrong["linear", "half-splits"].r2.value == pytest.approx(right["linear", "half-splits"].r2.value)
    for name in ("isotonic", "rank"):
        value = wrong[name, "half-splits"].r2.value
        assert value is not None and value < 0


def test_predict_says_why_nothing_can_be_foretold() -> None:
    flat, few = np.full(N, 0.3), np.where(np.arange(N) < 3, POOR, np.nan)
    for values, reason in ((flat, "constant: 0.3"), (few, "3 candidates cannot be halved and fitted")):
        found = predict([column(values)], OUTCOME, families=FAMILIES)
        assert [one.predictor for one in found] == ["linear", "isotonic", "rank"]
        for one in found:
            assert one.r2.value is None and one.mae.value is None
            assert one.reason is not None and one.reason.startswith(reason)
        json.dumps([one.to_json() for one in found], allow_nan=False)


def test_predict_gives_no_range_to_few_candidates() -> None:
    score = predict([column(POOR[:8])], OUTCOME[:8], families=["a"] * 8, splits=50)[0].r2
    assert score.value is not None and score.low is None and score.reason == "insufficient (n < 10)"


def test_predict_refuses_what_does_not_fit() -> None:
    with pytest.raises(DataError, match="proxy 'p': 3 entries for 20 candidates"):
        predict([column(POOR[:3])], OUTCOME, families=FAMILIES)
    with pytest.raises(UserError, match="two proxies are called 'p'"):
        predict_combined(column(POOR), column(GOOD), OUTCOME, families=FAMILIES)


def test_predict_combined_names_both_and_offers_three_ways() -> None:
    found = predict_combined(column(GOOD, "a"), column(POOR, "b"), OUTCOME, families=FAMILIES, splits=50)
    assert {one.proxy for one in found} == {"a + b"}
    ways = ["mean of predictions", "mean rank", "two-feature regression"]
    assert [one.predictor for one in found] == ways * 2
    by_way(found)


def test_two_halves_of_a_cause_foretell_together_what_neither_does() -> None:
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=(2, 40))
    outcome, families = a + b, ["x"] * 40
    together = by_way(predict_combined(column(a, "a"), column(b, "b"), outcome, families=families, splits=100))
    single = by_way(predict([column(a, "a")], outcome, families=families, splits=100))["linear", "half-splits"].r2.value
    both = {name: together[name, "half-splits"].r2.value for name in ("mean rank", "two-feature regression")}
    assert both["two-feature regression"] == pytest.approx(1.0)
    assert single is not None and both["mean rank"] is not None and both["mean rank"] > 0.85 > single + 0.2


def test_mean_of_predictions_is_the_mean_of_the_two_lines() -> None:
    found = by_way(predict_combined(column(GOOD, "a"), column(POOR, "b"), OUTCOME, families=FAMILIES))
    foretold = np.empty(N)
    for family in set(FAMILIES):
        own = np.array(FAMILIES) == family
        lines = [np.polyval(np.polyfit(values[~own], OUTCOME[~own], 1), values[own]) for values in (GOOD, POOR)]
        foretold[own] = np.mean(lines, axis=0)
    assert found["mean of predictions", "leave-one-family-out"].mae.value == pytest.approx(np.abs(OUTCOME - foretold).mean())


def test_predict_combined_takes_the_candidates_that_have_both() -> None:
    first, second = np.where(np.arange(N) < 15, GOOD, np.nan), np.where(np.arange(N) > 4, POOR, np.nan)
    found = predict_combined(column(first, "a"), column(second, "b"), OUTCOME, families=FAMILIES, splits=50)
    assert {one.n for one in found} == {10}
    apart = predict_combined(
        column(np.where(np.arange(N) < 10, GOOD, np.nan), "a"),
        column(np.where(np.arange(N) >= 10, POOR, np.nan), "b"),
        OUTCOME,
        families=FAMILIES,
    )
    assert apart[0].reason == "0 of 20 candidates have both a reading and an outcome"
