"""What a report is made from: the study found by name, folder or file, its curves, and the samples by their rule."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.report.made_up_study import Shape, make_study
from harness import DataError, MissingError
from harness.report.study import find, read_study
from harness.report.study import samples as sampling
from harness.report.study.clean import clean, shortened, visible
from harness.report.study.curves import MOST_POINTS, curves
from harness.report.study.samples import Rule, SampleSet, read_samples


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made-up")
    make_study(folder)
    return folder


def test_study_is_found_by_name_folder_and_file(store: Path) -> None:
    path = store / "studies/made-up-abcdef01/result.json"
    for run in ("made up", "made-up-abcdef01", str(path.parent), str(path)):
        found = find(run, store)
        assert found.path.samefile(path)
        assert found.artifacts is not None and found.recipe is not None


def test_latest_of_several_studies_of_one_name_is_taken(store: Path, tmp_path: Path) -> None:
    copied = tmp_path / "store"
    shutil.copytree(store, copied)
    shutil.copytree(copied / "studies/made-up-abcdef01", copied / "studies/made-up-00000000")
    os.utime(copied / "studies/made-up-abcdef01/result.json", ns=(0, 0))
    assert find("made up", copied).path.parent.name == "made-up-00000000"


def test_missing_and_unfinished_studies_are_named(store: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="did you mean 'made up'"):
        find("mad up", store)
    with pytest.raises(MissingError, match=r"holds no result\.json"):
        find(str(tmp_path), store)
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(MissingError, match="has no result yet"):
        find(str(tmp_path), store)
    (tmp_path / "result.json").write_text("[]")
    with pytest.raises(DataError, match="schema_version"):
        find(str(tmp_path), store)


def test_result_apart_from_its_store_has_no_artifacts(store: Path, tmp_path: Path) -> None:
    shutil.copytree(store / "studies/made-up-abcdef01", tmp_path / "away")
    found = read_study(tmp_path / "away/result.json")
    assert found.artifacts is None and found.recipe is not None
    assert read_samples(found.artifacts) is None and curves(found.artifacts) == []


def test_all_samples_are_kept_where_they_are_few(store: Path) -> None:
    shown = read_samples(find("made up", store).artifacts)
    assert shown is not None
    assert len(shown.samples) == shown.total == 5 * 2 * 6 * (8 + 4 + 8)
    assert shown.phases == ("before RL", "RL step 3", "after RL")
    first = {(s.candidate, s.phase, s.problem, s.index): s for s in shown.samples}
    grades = pq.read_table(store / "artifacts/grade/pre-3-1/grades.parquet").to_pylist()
    texts = pq.read_table(store / "artifacts/sample/pre-3-1/part-00000.parquet").to_pylist()
    for grade, text in zip(grades, texts, strict=True):
        problem = 6 + int(grade["problem_id"].removeprefix("hard-"))
        one = first[3, 0, problem, grade["index"]]
        assert (one.is_correct, one.text, one.answer) == (grade["correct"], text["text"], grade["answer"])
        assert shown.problems[problem].id == grade["problem_id"] and shown.problems[problem].benchmark == 1


def thinned(store: Path, most: int, monkeypatch: pytest.MonkeyPatch) -> SampleSet:
    monkeypatch.setattr(sampling, "MOST_SAMPLES", most)
    shown = read_samples(find("made up", store).artifacts)
    assert shown is not None
    return shown


def test_thinned_samples_are_of_the_same_problems_for_every_candidate_and_phase(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = thinned(store, 360, monkeypatch)
    per_group = Counter((s.candidate, s.phase, shown.problems[s.problem].benchmark) for s in shown.samples)
    assert len(per_group) == 30 and set(per_group.values()) == {12}
    assert [problem.id for problem in shown.problems] == ["easy-0", "easy-2", "easy-4", "hard-0", "hard-2", "hard-4"]
    assert "360 of 1,200 samples" in shown.rule and "up to 3 problems" in shown.rule and "up to 4 samples" in shown.rule
    assert shown == thinned(store, 360, monkeypatch), "the rule draws nothing"


def test_samples_that_would_be_too_much_text_are_thinned_further(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_CHARACTERS", 10_000)
    shown = thinned(store, 1_000_000, monkeypatch)
    assert 60 < len(shown.samples) < 1200
    assert sum(len(s.text) for s in shown.samples) <= 10_000


@given(st.lists(st.booleans(), max_size=40), st.integers(2, 12))
def test_rule_picks_half_right_and_the_earliest(verdicts: list[bool], wanted: int) -> None:
    right = [row for row, verdict in enumerate(verdicts) if verdict]
    wrong = [row for row, verdict in enumerate(verdicts) if not verdict]
    picked = Rule(problems=1, samples=wanted).pick(right, wrong)
    assert len(picked) == min(wanted, len(verdicts))
    kept_right, kept_wrong = ([row for row in picked if verdicts[row] is kind] for kind in (True, False))
    assert kept_right == right[: len(kept_right)] and kept_wrong == wrong[: len(kept_wrong)]
    assert len(kept_right) >= min(len(right), wanted // 2)
    assert len(kept_wrong) >= min(len(wrong), wanted // 2)


def test_samples_removed_from_the_store_are_left_out(tmp_path: Path) -> None:
    path = make_study(tmp_path, Shape(candidates=("base", "a")))
    shutil.rmtree(tmp_path / "artifacts/sample/pre-0-0")
    shown = read_samples(read_study(path).artifacts)
    assert shown is not None and len(shown.samples) == 2 * 2 * 6 * 20 - 6 * 8
    shutil.rmtree(tmp_path / "artifacts/grade")
    assert read_samples(read_study(path).artifacts) is None


def test_curves_are_thinned_to_means_of_neighbours(store: Path) -> None:
    found = curves(find("made up", store).artifacts)
    assert {(curve.kind, curve.metric) for curve in found} == {("sft", "loss"), ("rl", "reward")}
    curve = next(c for c in found if c.candidate == "few" and c.kind == "rl")
    assert len(curve.points) <= MOST_POINTS and curve.points[-1][0] == 400
    lines = (store / "artifacts/train/rl-1/metrics.jsonl").read_text().splitlines()
    rewards = [json.loads(line)["reward"] for line in lines]
    assert curve.points[0] == (3, pytest.approx(sum(rewards[:3]) / 3))


def test_damaged_metrics_have_no_curves(tmp_path: Path) -> None:
    path = make_study(tmp_path, Shape(candidates=("base", "a")))
    (tmp_path / "artifacts/train/rl-0/metrics.jsonl").write_text('{"step": 1, "reward": "high"}\n{"step": null}\n[1]\n')
    (tmp_path / "artifacts/train/rl-1/metrics.jsonl").write_text("no metrics\n")
    (tmp_path / "artifacts/train/sft-1/metrics.jsonl").unlink()
    assert {(c.kind, c.candidate) for c in curves(read_study(path).artifacts)} == {("sft", "base")}


@given(st.text(), st.integers(2, 50))
def test_shortened_text_keeps_both_ends(text: str, limit: int) -> None:
    cut = shortened(text, limit)
    half = limit // 2
    assert cut == text if len(text) <= limit else cut.startswith(text[:half]) and cut.endswith(text[-half:])


@given(st.text())
def test_visible_text_keeps_lines_and_shows_the_rest(text: str) -> None:
    shown = visible(text)
    assert all(c in "\n\t" or c.isprintable() for c in shown)
    assert [c for c in shown if c in "\n\t"] == [c for c in text if c in "\n\t"]


def test_clean_goes_into_keys_and_lists() -> None:
    value = {"\x1b[31mred": ["a\u202eb", {"c\x00": 1.5}], "n": None}
    assert clean(value) == {"\\x1b[31mred": ["a\\u202eb", {"c\\x00": 1.5}], "n": None}
