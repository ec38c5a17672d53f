"""A result analysed again: the same numbers from its counts, and clear words where that cannot be."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from harness import Counts, DataError, UserError
from harness.reanalysis import reanalyze
from harness.result import check_result
from harness.result.compose import Circumstances, compose
from harness.result.counts import write_counts
from harness.result.measured import Measured, Phase, Reading
from harness.shipped import shipped

SEEDS = (3, 4)
BENCHMARKS = {"easy": 8, "hard": 5}
FEW = 300


def counts(rng: np.random.Generator, skill: float, samples: int) -> tuple[Counts, ...]:
    return tuple(
        Counts(
            benchmark=name,
            problem_ids=tuple(f"{name}{i}" for i in range(size)),
            num_samples=np.full(size, samples),
            num_correct=rng.binomial(samples, np.clip(skill + rng.uniform(0, 0.5, size), 0, 1)),
        )
        for name, size in BENCHMARKS.items()
    )


def candidate(place: int, rng: np.random.Generator, has_rl: bool) -> Measured:
    skill = place / 40
    one = Measured(
        name=f"c{place}",
        facts={"family": "qwen" if place % 2 else "llama", "kind": "sft", "details": {}, "curation": []},
        pre=Phase(by_seed={seed: counts(rng, skill, 8) for seed in SEEDS}),
        train_tokens=100.0 * place,
        examples=10,
        epochs=1,
    )
    if has_rl:
        one.post = Phase(by_seed={seed: counts(rng, skill + 0.2, 4) for seed in SEEDS})
        one.along = {5: Phase(by_seed={seed: counts(rng, skill + 0.1, 4) for seed in SEEDS})}
        one.rl_steps, one.rl_tokens = 20, {5: 50.0 + place, 20: 200.1 + place}
    one.readings = {
        **{f"pass@{k}": pass_at(one, k) for k in (1, 8)},
        "loss": reading({seed: 2.0 - skill + 0.1 * rng.normal() for seed in SEEDS}),
        "random": reading({seed: rng.normal() for seed in SEEDS}),
    }
    return one


def reading(values: dict[int, float]) -> Reading:
    return Reading(by_seed={seed: {"value": v, "low": None, "high": None, "reason": None} for seed, v in values.items()})


def pass_at(one: Measured, k: int) -> Reading:
    from harness.estimators import mean_pass_at_k

    return reading({seed: mean_pass_at_k(entries, k).value or 0.0 for seed, entries in one.pre.by_seed.items()})


def write(folder: Path, *, has_rl: bool = True, candidates: int = 12) -> Path:
    """Compose a study of made-up counts and lay it out as `harness run` does."""
    rng = np.random.default_rng(11)
    measured = [candidate(place, rng, has_rl) for place in range(candidates)]
    names = {"pass@1": True, "pass@8": True, "loss": False, "random": True}
    layout = {
        "study": "made up",
        "recipe_digest": "0" * 64,
        "seeds": list(SEEDS),
        "benchmarks": [{"name": name, "samples": 8} for name in BENCHMARKS],
        "proxies": [{"name": n, "higher_is_better": h, "trivial": n == "random"} for n, h in names.items()],
        "primary_proxy": "pass@8",
        "baseline_proxy": "pass@1",
        "outcome": {"k": 1, "samples": 4},
        "evaluate_at": [5] if has_rl else [],
        "has_rl": has_rl,
        "warnings": ["made up"],
    }
    cost = {"seconds": 1.0, "tokens": 9, "samples": 4}
    around = Circumstances(
        cost={"seconds": 3.0, "tokens": 9}, proxy_costs=dict.fromkeys(names, cost), environment={}, plugins=[]
    )
    result = compose(measured, layout, around, resamples=FEW)
    check_result(result)
    path = folder / "result.json"
    path.write_text(json.dumps(result, allow_nan=False))
    write_counts(folder / "counts.parquet", measured)
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("study"))


def copied(study: Path, folder: Path) -> Path:
    """A study of its own to spoil."""
    for name in ("result.json", "counts.parquet"):
        shutil.copy(study.with_name(name), folder / name)
    return folder / "result.json"


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_analysis_of_a_result_gives_its_very_numbers_again(study: Path) -> None:
    recorded, again = read(study), reanalyze(study, resamples=FEW)
    about = again.pop("reanalysis")
    assert json.loads(json.dumps(again)) == recorded
    assert about["counts"] == "counts.parquet" and "readings of loss" in about["taken"]
    assert not any("pass@" in part for part in about["taken"])


def test_another_seed_moves_intervals_and_no_value(study: Path) -> None:
    recorded, again = read(study), reanalyze(study, resamples=FEW, seed=8)
    check_result(again)
    for old, new in zip(recorded["proxies"], again["proxies"], strict=True):
        assert new["spearman"]["value"] == old["spearman"]["value"]
    assert again["proxies"][0]["spearman"]["low"] != recorded["proxies"][0]["spearman"]["low"]
    assert again["numbers_digest"] != recorded["numbers_digest"]


def test_counts_are_found_by_the_registrys_name_too(study: Path, tmp_path: Path) -> None:
    shutil.copy(study, tmp_path / "2026-01-01.json")
    shutil.copy(study.with_name("counts.parquet"), tmp_path / "2026-01-01.counts.parquet")
    again = reanalyze(tmp_path / "2026-01-01.json", resamples=FEW)
    assert again["reanalysis"]["counts"] == "2026-01-01.counts.parquet"
    assert again["numbers_digest"] == read(study)["numbers_digest"]


def test_headline_numbers_come_from_counts_and_not_from_the_result(study: Path, tmp_path: Path) -> None:
    path = copied(study, tmp_path)
    lied = read(path)
    lied["proxies"][0]["spearman"]["value"] = 0.123
    lied["rl_gain"]["value"] = 0.9
    lied["candidates"][0]["gain"]["value"] = 0.8
    path.write_text(json.dumps(lied))
    again = reanalyze(path, resamples=FEW)
    assert again["numbers_digest"] == read(study)["numbers_digest"]


def test_without_counts_validity_comes_from_the_values_and_says_so(study: Path, tmp_path: Path) -> None:
    shutil.copy(study, tmp_path / "result.json")
    recorded, again = read(study), reanalyze(tmp_path / "result.json", resamples=FEW)
    check_result(again)
    assert again["reanalysis"]["counts"] is None
    assert "pass@k benchmark by benchmark" in again["reanalysis"]["taken"]
    for part in ("proxies", "along", "predictors", "combined", "calibration", "agreement", "noise_ceiling"):
        assert json.loads(json.dumps(again[part])) == recorded[part]
    rho = [[point["spearman"]["value"] for point in sweep["points"]] for sweep in again["k_sweep"]]
    assert rho == [[p["spearman"]["value"] for p in sweep["points"]] for sweep in recorded["k_sweep"]]
    assert again["by_benchmark"]["left_out_mean"] == [] and again["by_benchmark"]["benchmarks"][0]["proxies"]


def test_earlier_step_can_be_the_outcome(study: Path, tmp_path: Path) -> None:
    early = reanalyze(study, resamples=FEW, outcome_step=5)
    check_result(early)
    after = [one["along"][0]["outcome"]["value"] for one in read(study)["candidates"]]
    loss = [-one["proxies"]["loss"]["value"] for one in read(study)["candidates"]]
    found = {row["name"]: row["spearman"]["value"] for row in early["proxies"]}
    assert found["loss"] == pytest.approx(stats.spearmanr(loss, after).statistic, abs=1e-12)
    assert [one["outcome"]["value"] for one in early["candidates"]] == after
    assert early["along"] == [] and [sweep["step"] for sweep in early["k_sweep"]] == [5]
    shutil.copy(study, tmp_path / "result.json")
    values = reanalyze(tmp_path / "result.json", resamples=FEW, outcome_step=5)
    assert [row["spearman"] for row in values["proxies"]] == [row["spearman"] for row in early["proxies"]]
    with pytest.raises(UserError, match="no outcome was measured at RL step 7; measured at: 5, 20"):
        reanalyze(study, outcome_step=7)


def test_ranking_without_rl_gives_its_very_numbers_again(tmp_path: Path) -> None:
    path = write(tmp_path, has_rl=False)
    again = reanalyze(path, resamples=FEW)
    del again["reanalysis"]
    assert json.loads(json.dumps(again)) == read(path)
    (tmp_path / "counts.parquet").unlink()
    assert reanalyze(path)["reanalysis"]["recomputed"] == []


@pytest.mark.parametrize("path", sorted((shipped("registry") / "results").rglob("*.json")), ids=lambda path: path.stem)
def test_registrys_result_follows_from_its_counts(path: Path) -> None:
    recorded, again = read(path), reanalyze(path, resamples=FEW)
    check_result(again)
    for old, new in zip(recorded["proxies"], again["proxies"], strict=True):
        for name in ("spearman", "r2", "kendall", "predictive_r2", "decision_accuracy", "top1_regret"):
            assert new[name]["value"] == pytest.approx(old[name]["value"], abs=1e-9)
    for old, new in zip(recorded["along"], again["along"], strict=True):
        assert [p["spearman"]["value"] for p in new["proxies"]] == pytest.approx(
            [p["spearman"]["value"] for p in old["proxies"]], abs=1e-9
        )
    assert again["verdict"]["pick"] == recorded["verdict"]["pick"]
    assert again["noise_ceiling"]["value"] == pytest.approx(recorded["noise_ceiling"]["value"], abs=1e-9)
    assert again["k_sweep"] and again["by_benchmark"]["left_out_mean"]


BAD = {
    "not-json": (lambda text: text[:-9], "not JSON"),
    "nan": (lambda text: text.replace('"seed_sd": ', '"seed_sd": NaN, "x": ', 1), "NaN is not a JSON number"),
    "list": (lambda _: "[]", "has no schema_version"),
    "version": (lambda text: text.replace('"schema_version": 1', '"schema_version": 2'), "result schema '2'"),
    "field": (lambda text: text.replace('"family": "qwen"', '"family": 3', 1), "candidates.1.family: 3 is not of type"),
    "twice": (lambda text: text.replace('"name": "c1"', '"name": "c0"'), "two candidates are called 'c0'"),
    "other-candidate": (lambda text: text.replace('"name": "c1"', '"name": "d1"'), "has a candidate 'c1'"),
    "other-seed": (lambda text: text.replace('"seeds": [3, 4]', '"seeds": [3, 5]', 1), "no counts of pre, seed 5"),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_result_is_one_clear_line(case: str, study: Path, tmp_path: Path) -> None:
    path = copied(study, tmp_path)
    spoil, said = BAD[case]
    path.write_text(spoil(path.read_text()))
    with pytest.raises(DataError) as raised:
        reanalyze(path, resamples=FEW)
    assert said in str(raised.value) and "\n" not in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def test_missing_result_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be read \(No such file"):
        reanalyze(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="not UTF-8"):
        reanalyze(tmp_path / "bytes.json")


def spoiled(table: pa.Table, column: str, place: int, value: Any) -> pa.Table:
    cells = table.column(column).to_pylist()
    cells[place] = value
    return table.set_column(table.column_names.index(column), column, pa.array(cells))


SPOILS = {
    "column": (lambda table: table.drop_columns(["num_correct"]), "has no column 'num_correct'"),
    "text": (
        lambda table: table.set_column(5, "num_samples", pa.array(["8"] * len(table))),
        "'num_samples' is not all whole",
    ),
    "empty": (lambda table: spoiled(table, "benchmark", 3, None), "'benchmark' is not all text"),
    "above": (lambda table: spoiled(table, "num_correct", 4, 99), "row 5 has 99 right of 8 samples"),
    "twice": (lambda table: spoiled(table, "problem_id", 1, "easy0"), "a problem stands twice"),
    "fewer": (lambda table: table.slice(0, len(table) - 5), "benchmark 'hard' is on one side only"),
    "other": (
        lambda table: spoiled(table, "num_correct", 0, 8 - table.column("num_correct")[0].as_py()),
        "pre pass@1 comes to",
    ),
    "none": (lambda table: table.slice(0, 0), "has no candidate 'c0'"),
}


@pytest.mark.parametrize("case", SPOILS, ids=str)
def test_counts_that_do_not_belong_are_one_clear_line(case: str, study: Path, tmp_path: Path) -> None:
    path = copied(study, tmp_path)
    spoil, said = SPOILS[case]
    pq.write_table(spoil(pq.read_table(tmp_path / "counts.parquet")), tmp_path / "counts.parquet")
    with pytest.raises(DataError) as raised:
        reanalyze(path, resamples=FEW)
    assert said in str(raised.value) and "\n" not in str(raised.value) and "counts.parquet" in str(raised.value)


def test_truncated_counts_are_one_clear_line(study: Path, tmp_path: Path) -> None:
    path = copied(study, tmp_path)
    whole = (tmp_path / "counts.parquet").read_bytes()
    for size in (0, 3, len(whole) // 2, len(whole) - 1):
        (tmp_path / "counts.parquet").write_bytes(whole[:size])
        with pytest.raises(DataError, match="cannot be read as Parquet"):
            reanalyze(path)
