"""The registry's studies: their form, their own rules, and every figure against the published tables beside the checkout."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema
import pytest

from harness.errors import MissingError
from harness.shipped import shipped
from harness.studies import Study, read_study, studies, study_names

SHARED = Path(__file__).parents[4] / "shared" / "data"
NAMES = study_names()
ALL = {study.name: study for study in studies()}
needs_tables = pytest.mark.skipif(not (SHARED / "studies").is_dir(), reason="needs the published tables beside the checkout")

TABLES = {
    "delphi-1e22": "delphi_1e22_d1",
    "echo-chamber-1b": "echo_chamber_1b",
    "entropy-collapse-deepseek": "entropy_collapse_deepseek",
    "entropy-collapse-interventions": "entropy_collapse_interventions",
    "entropy-collapse-qwen": "entropy_collapse_qwen",
    "evolm": "evolm_table1",
    "excursions-gsm8k-base": "excursions_gsm8k_base",
    "excursions-gsm8k-sft": "excursions_gsm8k_sft",
    "excursions-gsm8k-sft-gold": "excursions_gsm8k_sftgold",
    "excursions-math-base": "excursions_math_base",
    "excursions-math-sft": "excursions_math_sft",
    "on-policy-warmup-alfworld-seen": "opw_alfworld_seen",
    "on-policy-warmup-alfworld-unseen": "opw_alfworld_unseen",
    "on-policy-warmup-scienceworld-seen": "opw_scienceworld_seen",
    "on-policy-warmup-scienceworld-unseen": "opw_scienceworld_unseen",
    "simplerl-zoo": "simplerl_zoo",
}

SMALL = {
    "acereason-1.1": "AceReason-Nemotron 1.1 2506.13284",
    "decoupling-kl": "Decoupling KL 2605.16826",
    "endless-terminals": "Endless Terminals",
    "front-loading": "Front-Loading Reasoning 2510.03264",
    "marin-2024": "marin #2024",
    "mimo-7b": "MiMo-7B 2505.07608",
    "snowball-r2e-gym": "marin #9225 Snowball R2E-Gym",
    "swe-protege": "SWE-Protege",
}


def rows_of(path: str) -> list[dict[str, str]]:
    with (SHARED / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(row: dict[str, str]) -> dict[str, float]:
    """Return a table's figures, before and after RL, by column."""
    return {name: float(cell) for name, cell in row.items() if name.startswith(("pre_", "post_")) and is_number(cell)}


def is_number(cell: str) -> bool:
    return bool(cell) and cell.replace(".", "", 1).replace("-", "", 1).isdigit()


def measured(study: Study) -> list[dict[str, float]]:
    """Return each row's figures; columns that no table of the sources has are left out by the caller's comparison."""
    return [{name: v for name, v in row.values.items() if name.startswith(("pre_", "post_"))} for row in study.rows]


@pytest.mark.parametrize("name", NAMES)
def test_study_fits_its_schema(name: str) -> None:
    schema = json.loads(shipped("registry", "schema/study.schema.json").read_text(encoding="utf-8"))
    raw = json.loads(shipped("registry", f"studies/{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(raw)
    assert raw["name"] == name


@pytest.mark.parametrize("name", NAMES)
def test_study_names_only_columns_and_studies_that_exist(name: str) -> None:
    study = ALL[name]
    proxies = {c.name for c in study.columns.values() if c.role == "proxy"}
    outcomes = {c.name for c in study.columns.values() if c.role == "outcome"}
    assert study.same_models_as is None or ALL[study.same_models_as].same_models_as is None
    assert all(proxy in proxies and outcome in outcomes for proxy, outcome in study.tally)
    assert all(set(row.values) <= set(study.columns) for row in study.rows)
    if study.rows:
        assert study.outcome in outcomes and study.baseline in proxies
        labels = [row.label for row in study.primary_rows()]
        assert len(labels) == len(set(labels)) >= 2


def test_confidence_c_says_that_it_was_read_off_a_figure() -> None:
    low = [study for study in ALL.values() if study.source.confidence == "C"]
    assert len(low) == 6
    assert all("read off" in study.source.how_read for study in low)


def test_derived_union_of_all_starts_is_not_a_study() -> None:
    excursions = [study for study in ALL.values() if study.name.startswith("excursions")]
    assert sum(len(study.rows) for study in excursions if "gsm8k" in study.name) == 22
    assert not [name for name in NAMES if "all-starts" in name]


def test_unknown_study_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(MissingError, match="did you mean 'quagmires'"):
        read_study("quagmire")


def test_retu_row_without_sft_is_left_out_with_its_reason() -> None:
    study = ALL["retu-qwen2.5-7b"]
    (out,) = [row for row in study.rows if row.excluded]
    assert len(study.primary_rows()) == 32
    assert out.family == "none" and out.values["P_sft"] + out.values["PL_rl"] == pytest.approx(72.0)
    assert out.values["A_post"] == 77.3 and "72.0" in (out.excluded or "")


@needs_tables
@pytest.mark.parametrize("name", TABLES)
def test_figures_are_those_of_the_table(name: str) -> None:
    rows = rows_of(f"studies/{TABLES[name]}.csv")
    assert [row.label for row in ALL[name].rows] == [row["label"] for row in rows]
    assert [row.family for row in ALL[name].rows] == [row["family"] for row in rows]
    extra = {"stage2_entropy_drop_step150_pct"}
    assert measured(ALL[name]) == [{k: v for k, v in numbers(row).items() if k not in extra} for row in rows]


@needs_tables
@pytest.mark.parametrize("name", SMALL)
def test_figures_of_small_studies_are_those_of_the_table(name: str) -> None:
    known = [row for row in rows_of("studies/small_studies.csv") if row["study"] == SMALL[name]]
    kept = [row for row in known if row["pre_score"] and (row["metric"] != "Terminal-Bench 2")]
    assert measured(ALL[name]) == [numbers(row) for row in kept]


@needs_tables
def test_figures_of_chord_and_tailsft_are_those_of_their_tables() -> None:
    table = rows_of("studies/chord_mmlupro.csv")
    chord = [row for row in ALL["chord"].rows if row.evaluation == "MMLU-Pro"]
    printed = [{"pre_score": float(r["pre_mmlupro"]), "post_score": float(r["post_mmlupro"])} for r in table]
    assert [dict(row.values) for row in chord] == printed
    small = [row for row in rows_of("studies/small_studies.csv") if row["study"] == "CHORD 2508.11408"]
    others = [row for row in small if row["metric"] in ("AMC23", "AIME24", "AIME25")]
    assert [dict(row.values) for row in ALL["chord"].rows if row.evaluation != "MMLU-Pro"] == [numbers(r) for r in others]
    assert measured(ALL["chord-bfcl"]) == [numbers(row) for row in small if row["metric"] == "BFCL overall"]
    both = [*ALL["tailsft-math"].rows, *ALL["tailsft-code"].rows]
    tail = rows_of("studies/tailsft.csv")
    assert [(row.label, dict(row.values)) for row in both] == [(row["label"], numbers(row)) for row in tail]


@needs_tables
def test_figures_of_retu_are_those_of_table_4() -> None:
    table = rows_of("retu/table4.csv")
    study = ALL["retu-qwen2.5-7b"]
    assert len(study.rows) == len(table) == 33
    for row, printed in zip(study.rows, table, strict=True):
        assert row.family == printed["sft_data"]
        for name in ("P_sft", "A_post", "PL_rl", "x_sft_eflops", "sft_step", "C_mid_rl", "B_rl"):
            assert row.values[name] == float(printed[name])
