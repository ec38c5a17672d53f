"""`harness gate` on toy checkpoints and on a finished study: exit codes, and what is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import call
from study.toy_checkpoints import lay_out, toy_options

RECORDED = Path(__file__).parents[3] / "registry" / "results" / "miniature" / "2026-11-22.json"


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Toy checkpoints and one store for this module, so that each thing is sampled once."""
    return lay_out(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def gate(toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(toy)
    monkeypatch.setenv("HARNESS_PROGRESS", "off")

    def run(checkpoint: str, *rules: str, more: tuple[str, ...] = (), code: int) -> Any:
        required = [word for rule in rules for word in ("--require", rule)]
        options = ["--store", "store", "--samples", "8", *toy_options(toy)]
        assert call(["gate", checkpoint, *required, *more, "--json", *options]) == code
        out, err = capsys.readouterr()
        return err if code == 2 else json.loads(out)

    return run


BASE = ("--base", "weak", "--heldout", "heldout.jsonl")
RULES = ("pass@1 >= base", "pass@8 >= base - 0.02", "generalization-loss < base", "pass@1 >= 0.5")


def test_gate_passes_when_every_rule_holds(gate: Any) -> None:
    found = gate("best", *RULES, more=BASE, code=0)
    assert found["passed"] is True
    assert [row["rule"] for row in found["rules"]] == list(RULES)
    first, _, loss, number = found["rules"]
    assert first["interval"]["of"] == "difference to base" and first["holds_at_end"] is True
    assert first["interval"]["value"] == pytest.approx(first["value"] - first["threshold"])
    assert loss["interval"]["method"].endswith("clustered by trace") and loss["value"] < loss["threshold"]
    assert (number["threshold"], number["interval"]["of"]) == (0.5, "value")


def test_gate_says_no_when_one_rule_is_broken(gate: Any) -> None:
    found = gate("best", *RULES, "pass@1 < base", more=BASE, code=3)
    assert [row["holds"] for row in found["rules"]] == [True, True, True, True, False]


def test_checkpoint_against_itself_ties(gate: Any) -> None:
    assert gate("weak", "pass@1 >= base", more=BASE, code=0)["rules"][0]["interval"]["value"] == 0
    gate("weak", "pass@1 > base", more=BASE, code=3)


def test_undefined_coverage_ratio_is_no_pass_unless_asked(gate: Any) -> None:
    rule = "coverage-ratio <= 1.0"
    (row,) = gate("weak", rule, more=BASE, code=3)["rules"]
    assert row["undefined"] and row["value"] is None and "nothing gained" in row["reason"]
    gate("weak", rule, more=(*BASE, "--undefined", "pass"), code=0)


def test_confident_gate_is_stricter(gate: Any) -> None:
    rule = "pass@8 >= base - 0.02"
    assert gate("best", rule, more=BASE, code=0)["rules"][0]["holds_at_end"] is False
    gate("best", rule, more=(*BASE, "--confident"), code=3)


FAULTS = [
    (("pass@1 => 0.5",), (), "no comparison '=>'"),
    (("pass@1 >= base",), (), "--require 'pass@1 >= base': compares with the base model; name it with --base"),
    (("coverage-ratio <= 1",), (), "--require 'coverage-ratio <= 1': compares with the base model"),
    (("coverage-ratoi <= 1",), (), "--require 'coverage-ratoi <= 1': no proxy named 'coverage-ratoi'; did you mean"),
    (("pass@99 >= 0.1",), (), "--require 'pass@99 >= 0.1': pass@99 needs 99 samples a problem"),
    (("generalization-loss < 1",), (), "reads held-out traces"),
    (("pass@1 >= 0",), ("--candidate", "x"), "--candidate x: chooses from a result.json"),
    (("pass@1 >= 0",), ("--base", "nowhere"), "checkpoint 'nowhere': no such folder"),
]


@pytest.mark.parametrize(("rules", "more", "said"), FAULTS, ids=[" ".join((*rules, *more)) for rules, more, _ in FAULTS])
def test_bad_rule_is_one_line_and_exit_2(gate: Any, rules: tuple[str], more: tuple[str, ...], said: str) -> None:
    message = gate("best", *rules, more=more, code=2)
    assert said in message
    assert len(message.splitlines()) == 1


def judged(capsys: pytest.CaptureFixture[str], *args: str, code: int) -> Any:
    assert call(["gate", str(RECORDED), *args, "--json"]) == code
    out, err = capsys.readouterr()
    return err if code == 2 else json.loads(out)


def test_finished_study_is_judged_from_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["name"]: row for row in json.loads(RECORDED.read_text())["candidates"]}
    (base,) = (row for row in rows.values() if row["kind"] == "base")
    own = rows["256 x 4"]
    found = judged(capsys, "--candidate", "256 x 4", "--require", "pass@1 > base", "--require", "pass@3 > 0", code=0)
    first, third = found["rules"]
    assert first["value"] == pytest.approx(own["pre"]["pass@1"]["value"], abs=1e-12)
    assert first["threshold"] == pytest.approx(base["pre"]["pass@1"]["value"], abs=1e-12)
    assert first["interval"]["low"] < first["value"] - first["threshold"] < first["interval"]["high"]
    assert own["pre"]["pass@2"]["value"] < third["value"] < own["pre"]["pass@4"]["value"]
    judged(capsys, "--candidate", "256 x 4", "--require", "pass@1 <= base", code=3)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--require", "pass@1 > 0"], "name one with --candidate"),
        (["--candidate", "256 x 44", "--require", "pass@1 > 0"], "has no such candidate; did you mean '256 x 4'?"),
        (["--candidate", "base", "--require", "headrom > 0"], "has no proxy 'headrom'"),
        (["--candidate", "base", "--require", "pass@512 > 0"], "--require 'pass@512 > 0': pass@512"),
        (["--candidate", "base", "--base", "none", "--require", "pass@1 > base"], "--base none"),
        (["--candidate", "base", "--benchmark", "add-5", "--require", "pass@1 > 0"], "a finished study is read as it is"),
    ],
)
def test_wrong_question_to_a_finished_study_is_one_line(
    capsys: pytest.CaptureFixture[str], args: list[str], said: str
) -> None:
    message = judged(capsys, *args, code=2)
    assert said in message
    assert len(message.splitlines()) == 1


def test_decision_is_told_to_people(toy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(toy)
    monkeypatch.setenv("HARNESS_PROGRESS", "off")
    args = ["--require", "pass@1 >= base", "--require", "coverage-ratio <= 1", *BASE, "--samples", "8", "--store", "store"]
    assert call(["gate", "weak", *args, *toy_options(toy)]) == 3
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("pass  pass@1 >= base: ") and "paired difference +0.000" in out
    assert "FAIL  coverage-ratio <= 1: undefined (nothing gained" in out
    assert "1 of 2 rules hold: 'weak' falls short" in out
