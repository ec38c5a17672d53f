import json

import numpy as np
import pytest

from harness import DataError, UserError
from harness.validity import ProxyColumn, calibration_curve
from harness.validity.splits import split_keys

RNG = np.random.default_rng(9)
N = 16
OUTCOME = RNG.random(N)
PROXY = OUTCOME + 0.2 * RNG.normal(size=N)


def column(values: np.ndarray) -> ProxyColumn:
    return ProxyColumn(name="p", higher_is_better=True, values=values)


def test_curve_is_a_plain_loop_over_the_same_draws() -> None:
    (point,) = calibration_curve(column(PROXY), OUTCOME, sizes=[5], splits=60, seed=2)
    r2, mae, regret, alone = [], [], [], []
    for row in split_keys(N, 60, 2):
        known, rest = np.split(row.argsort(), [5])
        line = np.polyfit(PROXY[known], OUTCOME[known], 1)
        expected = np.polyval(line, PROXY)
        error = OUTCOME[rest] - expected[rest]
        r2.append(1 - (error**2).sum() / ((OUTCOME[rest] - OUTCOME[rest].mean()) ** 2).sum())
        mae.append(np.abs(error).mean())
        expected[known] = OUTCOME[known]
        regret.append(OUTCOME.max() - OUTCOME[expected.argmax()])
        alone.append(OUTCOME.max() - OUTCOME[known].max())
    assert (point.calibration_runs, point.n) == (5, N)
    for score, plain in ((point.r2, r2), (point.mae, mae), (point.regret, regret), (point.regret_known_only, alone)):
        assert score.value == pytest.approx(np.mean(plain), abs=1e-10)
        assert score.sd == pytest.approx(np.std(plain, ddof=1), abs=1e-10)


def test_curve_falls_to_no_regret_and_beats_choosing_blindly() -> None:
    curve = calibration_curve(column(PROXY), OUTCOME)
    json.dumps([point.to_json() for point in curve], allow_nan=False)
    assert [point.calibration_runs for point in curve] == [3, 4, 5, 6, 7, 9, 10, 13, 15]
    alone = [point.regret_known_only.value or 0.0 for point in curve]
    assert alone == sorted(alone, reverse=True)
    assert curve[0].regret.value is not None and curve[0].regret.value < alone[0]
    assert (curve[-1].regret.value or 0.0) < (curve[0].regret.value or 0.0)


def test_curve_has_no_r2_where_one_candidate_is_left() -> None:
    last = calibration_curve(column(PROXY), OUTCOME, sizes=[N - 1])[0]
    assert last.r2.value is None and last.r2.reason is not None and "there is one only" in last.r2.reason
    assert last.mae.value is not None and last.regret.value is not None


def test_curve_leaves_out_candidates_without_a_reading() -> None:
    gaps = np.where(np.arange(N) < 4, np.nan, PROXY)
    assert calibration_curve(column(gaps), OUTCOME, splits=10)[0].n == 12


@pytest.mark.parametrize("values", [np.full(N, 0.5), np.where(np.arange(N) < 3, PROXY, np.nan), np.full(N, np.nan)])
def test_curve_is_empty_when_there_is_nothing_to_fit(values: np.ndarray) -> None:
    assert calibration_curve(column(values), OUTCOME) == []


@pytest.mark.parametrize("size", [1, N, -3])
def test_curve_refuses_sizes_out_of_range(size: int) -> None:
    with pytest.raises(UserError, match=f"calibration curve: {size} runs; give from 2 to 15 of the 16 candidates"):
        calibration_curve(column(PROXY), OUTCOME, sizes=[4, size])


def test_curve_refuses_other_lengths() -> None:
    with pytest.raises(DataError, match="3 entries for 16 candidates"):
        calibration_curve(column(PROXY[:3]), OUTCOME)
