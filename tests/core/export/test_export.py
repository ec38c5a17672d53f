"""harness export: read back by the packages whose form it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness import DataError, MissingError
from harness.cli.main import call
from harness.export import evaluations, write_lm_eval
from harness.result.counts import read_counts_table

READ_BACK = """
import json, sys
sys.path.append(sys.argv[1])
from inspect_ai.log import read_eval_log
from harness.cli.main import call
assert call(["export", sys.argv[2], "--format", "inspect", "--out", sys.argv[3]]) == 0
import pathlib
found = {}
for file in sorted(pathlib.Path(sys.argv[3]).glob("*.eval")):
    log = read_eval_log(str(file))
    found[file.name] = {
        "status": log.status, "task": log.eval.task, "model": log.eval.model, "epochs": log.eval.config.epochs,
        "value": log.results.scores[0].metrics["mean"].value,
        "samples": [[s.id, s.epoch, s.output.completion, s.scores["toy-grade"].value] for s in log.samples],
    }
print(json.dumps(found))
"""


def counts_of(study: Path) -> Any:
    return read_counts_table(study / "counts.parquet")


def test_evaluations_are_those_of_the_counts(study: Path) -> None:
    found = list(evaluations(study))
    # 2 candidates x (before, at step 5, after RL) x 2 benchmarks.
    assert len(found) == 12
    counts = counts_of(study)
    for one in found:
        (entry,) = [e for e in counts[one.candidate][one.phase][one.seed] if e.benchmark == one.benchmark]
        assert entry.problem_ids == tuple(p.id for p in one.problems) == tuple(one.samples)
        assert entry.num_correct.tolist() == [sum(s.correct for s in rows) for rows in one.samples.values()]
        assert entry.num_samples.tolist() == [len(rows) for rows in one.samples.values()]
        for rows in one.samples.values():
            assert [s.index for s in rows] == list(range(len(rows)))
            # The toy's grader takes the whole text for the answer.
            assert all(s.text == s.answer for s in rows)


def test_lm_eval_reads_its_own_form_back(study: Path, tmp_path: Path) -> None:
    from lm_eval.utils import get_results_filenames, get_sample_results_filenames, make_table

    write_lm_eval(evaluations(study / "result.json"), tmp_path)
    counts = counts_of(study)
    folders = sorted(tmp_path.iterdir())
    assert len(folders) == 6
    for folder in folders:
        (name,) = get_results_filenames([str(file) for file in folder.iterdir()])
        result = json.loads(Path(name).read_text())
        table = make_table(result)
        candidate, phase, seed = result["config"]["model_args"].replace(" seed", "").rsplit(" ", 2)
        for entry in counts[candidate][phase][int(seed)]:
            task = entry.benchmark.replace(" ", "-")
            value = (entry.num_correct / entry.num_samples).mean()
            assert result["results"][task]["acc,none"] == pytest.approx(value)
            assert f"|{task}" in table.replace("| ", "|") and f"{value:.4f}" in table
            (file,) = get_sample_results_filenames([str(f) for f in folder.iterdir() if f"samples_{task}_" in f.name])
            rows = [json.loads(line) for line in Path(file).read_text().splitlines()]
            assert [row["doc"]["id"] for row in rows] == list(entry.problem_ids)
            assert [row["acc"] * len(row["resps"][0]) for row in rows] == pytest.approx(entry.num_correct.tolist())


def test_rows_have_the_keys_of_lm_evals_schema(study: Path, tmp_path: Path) -> None:
    from lm_eval.result_schema import SampleResult

    files = write_lm_eval(evaluations(study), tmp_path)
    rows = [json.loads(line) for file in files if file.suffix == ".jsonl" for line in file.read_text().splitlines()]
    assert rows and all(set(SampleResult.__annotations__) <= set(row) for row in rows)


def test_same_study_gives_the_same_files(study: Path, tmp_path: Path) -> None:
    first, second = (write_lm_eval(evaluations(study), tmp_path / name) for name in ("a", "b"))
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]


def test_inspect_reads_its_logs_back(study: Path, inspect_folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_BACK, str(inspect_folder), str(study), str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    expected = list(evaluations(study))
    assert len(found) == len(expected)
    logs = {(log["model"].removeprefix("posttrain-harness/"), log["task"]): log for log in found.values()}
    for one in expected:
        log = logs[one.label, one.benchmark]
        assert log["status"] == "success"
        samples = [[p.id, s.index + 1, s.text, "C" if s.correct else "I"] for p in one.problems for s in one.samples[p.id]]
        assert sorted(log["samples"]) == sorted(samples)
        right = [sum(s.correct for s in rows) / len(rows) for rows in one.samples.values()]
        assert log["value"] == pytest.approx(sum(right) / len(right))


def test_export_without_inspect_says_what_to_install(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["export", str(study), "--format", "inspect", "--out", str(tmp_path)]) == 2
    assert "needs the package inspect_ai, which is not installed; run: pip install" in capsys.readouterr().err


def test_export_names_its_files_in_json(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["export", str(study), "--format", "lm-eval", "--out", str(tmp_path), "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert len(files) == 18 and all(Path(file).is_file() for file in files)


def test_folder_without_a_study_or_a_result_is_refused(study: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no study is there; name a folder below 'studies' of a store"):
        list(evaluations(tmp_path))
    half = tmp_path / "store" / "studies" / "half"
    half.mkdir(parents=True)
    (half / "plan.json").write_text((study / "plan.json").read_text())
    with pytest.raises(DataError, match="the study has no result yet; finish it with harness run"):
        list(evaluations(half))
