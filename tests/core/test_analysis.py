"""A user's table judged in every way a table allows, and whatever stands in it, never a traceback or NaN."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness import DataError, UserError
from harness.analysis import Question, analyze
from harness.assessment import Board, assess, partners
from harness.table import MOST_ROWS, Table, read_table
from harness.validity import ProxyColumn

N = 15
RNG = np.random.default_rng(4)
SKILL = np.linspace(0, 1, N)
COLUMNS: dict[str, Any] = {
    "name": [f"c{i}" for i in range(N)],
    "base": [f"f{i % 3}" for i in range(N)],
    "pass@1": (SKILL + 0.3 * RNG.normal(size=N)).tolist(),
    "pass@8": (SKILL + 0.2 * RNG.normal(size=N)).tolist(),
    "loss": (-SKILL + 0.2 * RNG.normal(size=N)).tolist(),
    "after": (SKILL + 0.1 * RNG.normal(size=N)).tolist(),
}
QUESTION = Question(outcome="after", proxies=("pass@1", "pass@8"), lower_better=("loss",), label="name")


def table(columns: dict[str, Any]) -> Table:
    size = len(next(iter(columns.values())))
    return Table(name="t.csv", columns=columns, lines=range(2, size + 2))


def asked(**changes: Any) -> dict[str, Any]:
    given = {name: getattr(QUESTION, name) for name in QUESTION.__slots__}
    found = analyze(table(COLUMNS), Question(**{**given, **changes}), resamples=300)
    json.dumps(found, allow_nan=False)
    return found


def test_table_gets_every_part_it_has_the_numbers_for() -> None:
    found = asked()
    assert {row["proxy"] for row in found["predictors"]["rows"]} == {"pass@1", "pass@8", "loss"}
    assert {row["predictor"] for row in found["predictors"]["rows"]} == {"linear", "isotonic", "rank"}
    assert found["combined"]["of"] == ["pass@8", "loss"]
    assert found["calibration"]["proxy"] == "pass@8" and found["calibration"]["n"] == N
    assert found["agreement"]["names"] == ["pass@1", "pass@8", "loss"]
    assert found["agreement"]["spearman"][0][2] == pytest.approx(
        stats.spearmanr(COLUMNS["pass@1"], np.negative(COLUMNS["loss"])).statistic, abs=1e-12
    )
    assert found["labels"] == COLUMNS["name"]
    assert found["proxies"][0]["top1_hit"]["value"] in (0.0, 1.0)
    (sweep,) = found["k_sweep"]
    assert [point["k"] for point in sweep["points"]] == [1, 8]
    assert sweep["points"][1]["spearman"]["value"] == pytest.approx(found["proxies"][1]["spearman"]["value"], abs=1e-12)
    assert found["by_benchmark"] is None and found["pareto"] is None and found["noise_ceiling"] is None


def test_family_column_brings_leave_one_family_out() -> None:
    assert {row["scheme"] for row in asked()["predictors"]["rows"]} == {"half-splits"}
    found = asked(family="base")
    for part in ("predictors", "combined"):
        assert {row["scheme"] for row in found[part]["rows"]} == {"half-splits", "leave-one-family-out"}


def test_one_proxy_has_nothing_to_agree_or_combine_with() -> None:
    found = asked(proxies=("pass@1",), lower_better=())
    assert found["agreement"] is None and found["combined"] is None and found["k_sweep"] == []
    assert found["primary_proxy"] == found["baseline_proxy"] == "pass@1"


def test_scores_repeat_in_their_table_what_they_are_once() -> None:
    found = asked()["predictors"]
    assert set(found["methods"]) == {"half-splits"}
    assert {key for row in found["rows"] for key in row["r2"]} == {"value", "sd", "low", "high"}


def board(**columns: bool) -> Board:
    made = tuple(
        ProxyColumn(name=name.replace("_", "-"), higher_is_better=higher, values=SKILL, trivial=name == "random")
        for name, higher in columns.items()
    )
    return Board(columns=made, families=("x",) * N, outcomes={0: SKILL}, baseline=made[0].name, primary=made[0].name)


def test_partner_is_a_loss_then_what_points_the_other_way_then_any() -> None:
    assert partners(board(first=True, second=True, drift=False, val_loss=False)) == ("first", "val-loss")
    assert partners(board(val_loss=False, own_loss=False, second=True)) == ("val-loss", "second")
    assert partners(board(first=True, second=True, drift=False)) == ("first", "drift")
    assert partners(board(first=True, random=True, second=True)) == ("first", "second")
    assert partners(board(first=True, random=True)) is None


def test_pareto_uses_the_first_unit_that_all_proxies_have() -> None:
    dear = ProxyColumn(name="dear", higher_is_better=True, values=SKILL, cost={"seconds": 9.0, "tokens": 5})
    cheap = ProxyColumn(name="cheap", higher_is_better=True, values=SKILL, cost={"tokens": 2})
    given = Board(columns=(dear, cheap), families=("x",) * N, outcomes={0: SKILL}, baseline="dear", primary="dear")
    found = assess(given, resamples=100)["pareto"]
    assert found["unit"] == "tokens"
    assert [(p["name"], p["on_front"], p["dominated_by"]) for p in found["points"]] == [
        ("dear", False, ["cheap"]),
        ("cheap", True, []),
    ]


def test_row_count_is_bounded_before_anything_is_worked_out(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["a", "after"], *([1, 2] for _ in range(MOST_ROWS + 1))])
    with pytest.raises(DataError, match=f"more than {MOST_ROWS} rows"):
        read_table(path)
    parquet = tmp_path / "long.parquet"
    pq.write_table(pa.table({"a": np.zeros(MOST_ROWS + 1)}), parquet)
    with pytest.raises(DataError, match=f"more than {MOST_ROWS} rows"):
        read_table(parquet)
    many = table({"a": [1.0] * 2001, "after": ["?"] * 2001})
    with pytest.raises(DataError, match="2001 candidates; at most 2000 can be judged together"):
        analyze(many, Question(outcome="after", proxies=("a",)))


CELLS = st.one_of(
    st.none(),
    st.sampled_from(["", "na", "nan", "x", "1e3", " 2 ", "inf", "0", True, 1, -2.5]),
    st.floats(-1e6, 1e6),
    st.integers(0, 3),
)
TABLES = st.integers(1, 13).flatmap(
    lambda size: st.fixed_dictionaries(
        {name: st.lists(CELLS, min_size=size, max_size=size) for name in ("pass@1", "pass@4", "loss", "after", "base", "k")}
    )
)
NUMBERS = st.one_of(st.integers(0, 2).map(float), st.floats(-1, 1), st.just(math.nan))
NUMERIC = st.integers(1, 13).flatmap(
    lambda size: st.fixed_dictionaries(
        {
            name: st.lists(NUMBERS, min_size=size, max_size=size)
            for name in ("pass@1", "pass@4", "loss", "after", "base", "k")
        }
    )
)
ROLES = st.fixed_dictionaries(
    {
        "family": st.sampled_from([None, "base"]),
        "label": st.sampled_from([None, "base"]),
        "compute": st.sampled_from([None, "k"]),
    }
)


@settings(max_examples=80, deadline=None)
@given(st.one_of(TABLES, NUMERIC), ROLES)
def test_any_table_is_judged_or_refused_in_one_line(columns: dict[str, Any], roles: dict[str, Any]) -> None:
    question = Question(outcome="after", proxies=("pass@1", "pass@4"), lower_better=("loss",), **roles)
    try:
        found = analyze(table(columns), question, resamples=60)
    except UserError as error:
        assert "\n" not in str(error) and str(error).startswith("t.csv")
    else:
        json.dumps(found, allow_nan=False)


def test_proxy_that_looks_into_rl_is_circular_up_to_where_it_looks() -> None:
    board = Board(
        columns=(
            ProxyColumn(name="pass@1", higher_is_better=True, values=np.array(COLUMNS["pass@1"])),
            ProxyColumn(name="micro-probe@20", higher_is_better=True, values=np.array(COLUMNS["pass@8"]), reads_rl=20.0),
        ),
        families=("f",) * N,
        outcomes={step: np.array(COLUMNS["after"]) + step * RNG.normal(size=N) / 500 for step in (0.0, 10.0, 20.0, 40.0)},
        baseline="pass@1",
        primary="pass@1",
    )
    found = assess(board, resamples=200)
    marks = {row["step"]: [p["name"] for p in row["proxies"] if p.get("circular")] for row in found["along"]}
    assert marks == {0.0: ["micro-probe@20"], 10.0: ["micro-probe@20"], 20.0: ["micro-probe@20"], 40.0: []}
    plain, probe = found["proxies"]
    assert "reads_rl" not in plain and "RL run" not in (plain["note"] or "")
    assert probe["reads_rl"] == 20.0 and "up to step 20" in probe["note"]
