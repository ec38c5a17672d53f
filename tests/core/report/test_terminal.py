"""print_result: what stands in a result is shown, what does not is left out, and nothing breaks."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report import open_console, print_result


def estimate(value: float, half: float = 0.02) -> dict[str, Any]:
    return {"value": value, "low": value - half, "high": value + half, "method": "bootstrap"}


def candidate(name: str, start: float, end: float | None, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "family": None,
        "details": {},
        "train_tokens": 412345,
        "proxies": {"pass@64": estimate(0.8), "generalization-loss": estimate(0.182)},
        "pre": {"pass@1": estimate(start), "pass@4": estimate(0.5), "pass@64": estimate(0.8)},
        "post": None if end is None else {"pass@1": estimate(end)},
        "outcome": None if end is None else {**estimate(end), "seeds": [end, end]},
        **more,
    }


def judgement(name: str, rho: float | None, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "n": 2,
        "trivial": False,
        "spearman": None if rho is None else estimate(rho),
        "r2": 0.25,
        "decision_accuracy": 0.75,
        "top1_regret": 0.01,
        "verdict": "insufficient",
        "note": "2 candidates",
        **more,
    }


def prediction(proxy: str, r2: float | None) -> dict[str, Any]:
    return {"proxy": proxy, "predictor": "linear", "scheme": "half-splits", "r2": {"value": r2}, "mae": {"value": 0.02}}


RESULT: dict[str, Any] = {
    "schema_version": 1,
    "study": "small",
    "seeds": [3, 4],
    "candidates": [candidate("low start", 0.1, 0.3), candidate("high start", 0.2, 0.25)],
    "proxies": [judgement("random", 0.9, trivial=True), judgement("pass@1", -0.5), judgement("pass@64", 0.5)],
    "along": [{"step": 10, "proxies": [judgement("pass@1", 0.4)]}, {"step": 25, "proxies": [judgement("pass@1", -0.5)]}],
    "predictors": {"rows": [prediction("pass@1", 0.2), prediction("pass@64", 0.4), prediction("random", None)]},
    "combined": {"rows": [prediction("pass@64 + loss", -0.1)]},
    "calibration": {
        "proxy": "pass@64",
        "n": 9,
        "points": [
            {"calibration_runs": m, "regret": {"value": 0.1 / m}, "regret_known_only": {"value": 0.2 / m}}
            for m in (2, 4, 5, 8)
        ],
    },
    "agreement": {"names": ["pass@1", "pass@64", "flat"], "picks": [[1], [0], [0, 1]]},
    "k_sweep": [{"step": step, "points": [{"k": k, "spearman": estimate(k / 100)} for k in (1, 64)]} for step in (10, 25)],
    "by_benchmark": {"left_out_mean": [{"name": f"pass@{k}", "spearman": estimate(k / 100)} for k in (1, 4, 64)]},
    "pareto": {"unit": "seconds", "points": [{"name": "pass@64", "on_front": True}, {"name": "pass@1", "on_front": False}]},
    "rl_gain": estimate(0.125),
    "verdict": {"pick": "low start", "by": "pass@64", "probability_best": 0.41, "sentence": "take low start"},
    "cost": {"seconds": 312.4, "tokens": 1234567, "by_kind": {"train": {"seconds": 200.0}, "sample": {"seconds": 90.0}}},
    "warnings": ["only 2 candidates"],
}


def shown(result: dict[str, Any], path: Path | None = None) -> str:
    out = io.StringIO()
    print_result(result, open_console(out), path)
    return out.getvalue()


def row(text: str, name: str) -> str:
    (line,) = [line for line in text.splitlines() if re.match(rf">? *{re.escape(name)}  ", line)]
    return " ".join(line.split())


def test_candidates_stand_best_outcome_first_with_the_pick_marked() -> None:
    text = shown(RESULT)
    assert row(text, "low start") == "> low start 412,345 0.100 0.800 0.182 0.300 [0.280, 0.320] +0.200"
    assert row(text, "high start") == "high start 412,345 0.200 0.800 0.182 0.250 [0.230, 0.270] +0.050"
    assert text.index("low start") < text.index("high start")
    assert "2 seeds" in text


def test_largest_pass_at_k_has_the_column() -> None:
    heading = shown(RESULT).splitlines()[1]
    assert "pass@64" in heading and "pass@4 " not in heading


def test_proxies_stand_strongest_first_and_trivial_ones_last() -> None:
    text = shown(RESULT)
    assert row(text, "pass@64 *") == "pass@64 * 0.500 [0.480, 0.520] 0.250 0.750 0.010 insufficient"
    assert text.index("\npass@64 *") < text.index("\npass@1 ") < text.index("\nrandom ")
    assert row(text, "random").endswith("insufficient (trivial)")


def test_paired_gain_of_a_result_goes_before_the_difference_of_its_means() -> None:
    assert row(shown({"candidates": [candidate("a", 0.1, 0.3, gain=estimate(0.19))]}), "a").endswith("+0.190")


def test_notes_name_the_proxies_they_are_about_and_skip_trivial_ones() -> None:
    proxies = [judgement(n, 0.1, note=note) for n, note in (("a", "x; y"), ("b", "x"), ("c", None))]
    lines = shown({"proxies": [*proxies, judgement("t", 0.1, trivial=True, note="z")]}).splitlines()
    assert [line for line in lines if line.startswith("note")] == ["note    a, b: x", "note    a: y"]


def test_metric_of_the_outcome_heads_its_column() -> None:
    assert "pass@8 after RL" in shown({**RESULT, "outcome_metric": {"name": "pass@8"}})


def test_along_has_a_column_a_step() -> None:
    text = shown(RESULT)
    assert "step 10" in text and "step 25" in text
    assert re.search(r"^pass@1 +0\.400 +-0\.500 *$", text, re.MULTILINE)


def test_along_puts_what_a_proxy_has_looked_into_in_brackets() -> None:
    first, last = RESULT["along"]
    seen = {**first, "proxies": [{**row, "circular": True} for row in first["proxies"]]}
    assert re.search(r"^pass@1 +\(0\.400\) +-0\.500 *$", shown({**RESULT, "along": [seen, last]}), re.MULTILINE)


def test_closing_lines_name_gain_pick_warning_cost_and_file() -> None:
    lines = [" ".join(line.split()) for line in shown(RESULT, Path("s/result.json")).splitlines()]
    assert "gain RL moved the mean of candidates by +0.125 [+0.105, +0.145]" in lines
    assert "pick take low start" in lines
    assert "note only 2 candidates" in lines
    assert "note all proxies: 2 candidates" in lines
    assert "cost 5 min 12 s of compute, 1,234,567 tokens (train 3 min 20 s, sample 1 min 30 s)" in lines
    assert lines[-1] == "result s/result.json"


def test_k_sweep_has_a_row_a_step() -> None:
    text = shown(RESULT)
    assert re.search(r"^RL step +k=1 +k=64 *$", text, re.MULTILINE)
    assert re.search(r"^25 +0\.010 +0\.640 *$", text, re.MULTILINE)


def test_findings_say_prediction_other_benchmarks_runs_and_picks() -> None:
    lines = " ".join(shown(RESULT).split())
    best = "pass@64 (linear) R2 0.400, off by 0.020; pass@64 + loss (linear) R2 -0.100, off by 0.020"
    assert f"predict best of half-splits: {best}" in lines
    assert "mean Spearman: pass@1 0.010 [-0.010, 0.030], pass@64 0.640 [0.620, 0.660]" in lines
    assert "RL on 2 / 5 / 8 of 9 candidates at random, choosing with pass@64 loses 0.050 / 0.020 / 0.013" in lines
    assert "by those runs alone 0.100 / 0.040 / 0.025" in lines
    assert "the proxies disagree: 'high start' by pass@1; 'low start' by pass@64" in lines
    assert "no other proxy has a higher Spearman for as little (seconds)" in lines


def test_picks_that_agree_are_not_told() -> None:
    agreement = {"names": ["a", "b"], "picks": [[1], [1]]}
    assert "disagree" not in shown({**RESULT, "agreement": agreement})
    assert "disagree" not in shown({"agreement": RESULT["agreement"]})


def test_ranking_without_rl_has_no_columns_about_it() -> None:
    text = shown({"candidates": [candidate("a", 0.1, None)], "verdict": {"pick": "a", "by": "pass@64"}})
    assert "after RL" not in text and "gain" not in text
    assert "a by pass@64" in text


def test_output_to_a_file_is_plain_and_no_wider_than_100(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    text = shown({**RESULT, "candidates": [candidate("a name that goes on and on " * 3, 0.1, 0.2)]})
    assert "\x1b" not in text
    tables = text[: text.index("gain    RL")]
    assert max(len(line) for line in tables.splitlines()) <= 100


def test_names_cannot_steer_the_terminal() -> None:
    text = shown({"candidates": [candidate("\x1b[2J[red]x", 0.1, 0.2)], "warnings": ["a\rb"]})
    assert "\\x1b[2J[red]x" in text and "a\\rb" in text and "\x1b" not in text


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PARTS = st.fixed_dictionaries({}, optional=dict.fromkeys(RESULT, JSON))


@given(PARTS)
def test_missing_and_odd_parts_break_nothing(parts: dict[str, Any]) -> None:
    shown(parts)
    shown({**RESULT, **parts})


@given(st.sampled_from(["candidates", "proxies", "along"]), st.sampled_from(sorted(RESULT["candidates"][0])), JSON)
def test_odd_fields_of_rows_break_nothing(part: str, field: str, value: Any) -> None:
    shown({**RESULT, part: [{**RESULT[part][0], field: value}]})


def paths_of(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(path for key, part in inner for path in paths_of(part, (*way, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with one place changed."""
    if not path:
        return new
    copy: Any = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@given(st.sampled_from(paths_of(RESULT)[1:]), JSON)
def test_one_odd_place_anywhere_breaks_nothing(path: tuple[Any, ...], value: Any) -> None:
    shown(changed(RESULT, path, value))
