"""`harness compare` on the registry's result, and on what is not one."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.cli.main import call
from harness.estimators import paired_difference
from harness.result.counts import read_counts_table
from harness.shipped import shipped

SHIPPED = sorted((shipped("registry") / "results").rglob("*.json"))[0]
FAST = ("--resamples", "200")


def copied(folder: Path, *, name: str = "result.json", **changes: object) -> Path:
    """Copy the shipped result as a study leaves it; `changes` are made to the table of counts."""
    folder.mkdir(exist_ok=True)
    shutil.copy(SHIPPED, folder / name)
    columns = pq.read_table(SHIPPED.with_suffix(".counts.parquet")).to_pydict()
    keep = changes.pop("keep", None)
    if keep is not None:
        rows = [row for row in range(len(columns["seed"])) if keep({n: columns[n][row] for n in columns})]
        columns = {n: [values[row] for row in rows] for n, values in columns.items()}
    columns |= {n: change(columns) for n, change in changes.items()}
    pq.write_table(pa.table(columns), folder / "counts.parquet")
    return folder / name


def compared(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert call(["compare", *map(str, arguments), *FAST, "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return json.loads(said.out)


def names() -> list[str]:
    return [one["name"] for one in json.loads(SHIPPED.read_text())["candidates"]]


def test_two_candidates_are_paired_from_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = names()[:2]
    found = compared(capsys, f"{SHIPPED}::{one}", f"::{other}")
    assert {(row["phase"], row["k"]) for row in found["rows"]} == {("pre", 1), ("pre", 64), ("post", 1), ("post", 16)}
    counts = read_counts_table(SHIPPED.with_suffix(".counts.parquet"))
    for row in found["rows"]:
        a, b = ([e for s in counts[name][row["phase"]].values() for e in s] for name in (one, other))
        reference = paired_difference(a, b, row["k"])
        assert row["difference"]["value"] == pytest.approx(reference.value)
        assert row["student_t"]["low"] == pytest.approx(reference.low)
        assert row["difference"]["low"] < row["difference"]["value"] < row["difference"]["high"]
        parts = row["per_benchmark"]
        assert np.mean([part["difference"]["value"] for part in parts]) == pytest.approx(row["difference"]["value"])
        assert sum(part["problems"] for part in parts) == row["problems"] == 280
        assert sum(row["sign_test"][way] for way in ("better", "worse", "equal")) == row["problems"]
    assert any("several seeds" in note for note in found["notes"])


def test_turning_the_sides_turns_the_sign(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = names()[:2]
    there = compared(capsys, f"{SHIPPED}::{one}", f"::{other}", "--phase", "post", "--k", "1")["rows"][0]
    back = compared(capsys, f"{SHIPPED}::{other}", f"{SHIPPED}::{one}", "--phase", "post", "--k", "1")["rows"][0]
    assert there["difference"]["value"] == pytest.approx(-back["difference"]["value"])
    assert there["sign_test"]["p"] == back["sign_test"]["p"]
    assert there["sign_flip"]["p"] == pytest.approx(back["sign_flip"]["p"])


def test_two_results_are_compared_candidate_by_candidate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    better = copied(
        tmp_path / "b",
        num_correct=lambda c: [min(n, x + 1) for n, x in zip(c["num_samples"], c["num_correct"], strict=True)],
    )
    found = compared(capsys, SHIPPED, better, "--k", "1", "--phase", "pre")
    assert [row["candidate_a"] for row in found["rows"]] == names()
    for row in found["rows"]:
        assert row["sign_test"]["better"] == 0 and row["difference"]["high"] < 0
        assert row["sign_flip"]["p_holm"] >= row["sign_flip"]["p"]
    (mean,) = found["mean_over_candidates"]
    assert mean["candidates"] == len(names()) and "candidates and problems" in mean["difference"]["method"]
    values = [row["difference"]["value"] for row in found["rows"]]
    assert mean["difference"]["value"] == pytest.approx(np.mean(values))


def test_problems_on_one_side_are_an_error_or_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = json.loads(SHIPPED.read_text())["benchmarks"][0]["name"]
    table = pq.read_table(SHIPPED.with_suffix(".counts.parquet")).to_pydict()
    gone = next(p for p, b in zip(table["problem_id"], table["benchmark"], strict=True) if b == first)
    fewer = copied(tmp_path / "b", keep=lambda row: (row["benchmark"], row["problem_id"]) != (first, gone))
    name = names()[0]
    assert call(["compare", f"{SHIPPED}::{name}", f"{fewer}::{name}", *FAST]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert f"{first}: 1 of 40 problems on one side only, {gone!r} for one" in said.err and "--common" in said.err
    found = compared(capsys, f"{SHIPPED}::{name}", f"{fewer}::{name}", "--common")
    assert found["dropped"]["problems"] == {first: 1}
    assert {row["problems"] for row in found["rows"]} == {279}
    assert f"{first}: left out on one side only: 1 problem" in found["notes"]


def test_people_read_a_table_and_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = names()[:2]
    assert call(["compare", f"{SHIPPED}::{one}", f"::{other}", "--k", "1", *FAST]) == 0
    text = capsys.readouterr().out
    assert "A minus B, before RL, paired by problem (95 % intervals)" in text
    assert text.count("finding pass@1") == 2 and "sign flip" in text
    same = copied(tmp_path / "b")
    assert call(["compare", str(SHIPPED), str(same), "--k", "1", "--phase", "post", *FAST]) == 0
    text = capsys.readouterr().out
    assert f"mean of {len(names())}" in text and "Holm" in text and all(name.split()[0] in text for name in names())


def said_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert call(["compare", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    return said.err


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = names()[0]
    alone = tmp_path / "alone.json"
    shutil.copy(SHIPPED, alone)
    assert "nowhere.json: cannot be read" in said_of(capsys, tmp_path / "nowhere.json", SHIPPED)
    assert "alone.json: no counts beside it" in said_of(capsys, alone, SHIPPED)
    assert f"no candidate {name + 'x'!r}; did you mean {name!r}?" in said_of(capsys, f"{SHIPPED}::{name}x", f"::{name}")
    assert "B does not" in said_of(capsys, f"{SHIPPED}::{name}", alone)
    assert "are the same" in said_of(capsys, SHIPPED, SHIPPED)
    assert "are the same" in said_of(capsys, f"{SHIPPED}::{name}", f"::{name}")
    assert "name a result.json before '::'" in said_of(capsys, f"::{name}", f"{SHIPPED}::{name}")
    assert "pass@999" in said_of(capsys, f"{SHIPPED}::{name}", f"::{names()[1]}", "--k", "999")


def test_result_without_rl_has_no_phase_after_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = copied(tmp_path / "b", keep=lambda row: row["phase"] == "pre")
    name = names()[0]
    assert "was not measured after RL" in said_of(capsys, f"{SHIPPED}::{name}", f"{before}::{name}", "--phase", "post")
    found = compared(capsys, f"{SHIPPED}::{name}", f"{before}::{name}", "--k", "1")
    assert [row["phase"] for row in found["rows"]] == ["pre"]


def test_candidate_in_one_result_only_is_an_error_or_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = names()[-1]
    fewer = copied(tmp_path / "b", keep=lambda row: row["candidate"] != gone)
    assert f"candidate {gone!r} is not in both" in said_of(capsys, SHIPPED, fewer)
    result = json.loads(fewer.read_text())
    result["candidates"] = [one for one in result["candidates"] if one["name"] != gone]
    fewer.write_text(json.dumps(result))
    assert f"candidate {gone!r} is in one result only" in said_of(capsys, SHIPPED, fewer)
    found = compared(capsys, SHIPPED, fewer, "--common", "--phase", "pre", "--k", "1")
    assert found["dropped"]["candidates"] == [gone] and len(found["rows"]) == len(names()) - 1
