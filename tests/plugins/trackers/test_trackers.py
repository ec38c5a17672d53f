"""The trackers, each with its real package, on a toy study; read back by other code than wrote it."""

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from harness import StepFinished, StepInfo, StepProgressed, StudyFinished, StudyStarted
from harness_plugins.openrlhf.events import EventFile
from harness_plugins.trackers.follower import Follower
from harness_plugins.trackers.hooks import chosen
from harness_plugins.trackers.journal import Journal, final_numbers, study_of
from harness_plugins.trackers.sink import flat, plain_name
from study.toy_study import changed, invoke


class Memory:
    """A sink that keeps what it is told."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, int, dict[str, float]]] = []
        self.final: dict[str, float] = {}
        self.files: list[str] = []
        self.status = ""

    def numbers(self, series: str, step: int, values: Any) -> None:
        self.rows.append((series, step, dict(values)))

    def summary(self, values: Any) -> None:
        self.final = dict(values)

    def file(self, path: Path) -> None:
        self.files.append(path.name)

    def close(self, status: str) -> None:
        self.status = status


RL = StepInfo(key="k", kind="train", title="rl · half x2 · seed 0")


def write_rows(folder: Path, steps: range, tail: str = "") -> None:
    rows = [json.dumps({"step": n, "reward": n / 10, "kl": None, "note": "x"}) for n in steps]
    (folder / "metrics.jsonl").write_text("\n".join(rows) + "\n" + tail)


def test_journal_passes_on_each_row_once_while_the_file_grows_and_is_written_anew(tmp_path: Path) -> None:
    memory = Memory()
    journal = Journal(memory)
    progressed = StepProgressed(step=RL, done=1, total=5, seconds=1.0, out=tmp_path)
    journal.tell(progressed)
    write_rows(tmp_path, range(1, 3), '{"step": 3, "rew')
    journal.tell(progressed)
    journal.tell(progressed)
    write_rows(tmp_path, range(1, 2))
    journal.tell(progressed)
    write_rows(tmp_path, range(1, 6))
    journal.tell(StepFinished(step=RL, seconds=4.0, tokens=70, artifact=tmp_path))
    series = [(step, row) for name, step, row in memory.rows if name == "rl/half x2/seed 0"]
    assert series == [(n, {"reward": n / 10}) for n in range(1, 6)]
    assert memory.rows[-1] == ("study", 1, {"step seconds": 4.0, "tokens": 70.0})


def test_journal_ends_with_numbers_and_files_of_the_result(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{}")
    result = {
        "candidates": [
            {"name": "all", "outcome": {"value": 0.5}, "proxies": {"pass@8": {"value": 0.75}, "x": {"value": None}}}
        ],
        "proxies": [{"name": "pass@8", "n": 4, "spearman": {"value": -1.0}, "verdict": "?", "cost": {"seconds": 3}}],
        "cost": {"seconds": 12.5, "by_kind": {}},
    }
    memory = Memory()
    Journal(memory).tell(StudyFinished(study="s", folder=tmp_path, seconds=1, status="done", result=result))
    assert memory.final == {
        "candidates/all/outcome": 0.5,
        "candidates/all/pass@8": 0.75,
        "proxies/pass@8/n": 4,
        "proxies/pass@8/spearman": -1.0,
        "cost/seconds": 12.5,
    }
    assert (memory.files, memory.status) == (["result.json"], "done")


def test_journal_only_closes_when_there_is_no_result(tmp_path: Path) -> None:
    memory = Memory()
    Journal(memory).tell(StudyFinished(study="s", folder=tmp_path, seconds=1, status="interrupted"))
    assert (memory.final, memory.files, memory.status) == ({}, [], "interrupted")


def test_settings_are_flat_and_names_plain() -> None:
    assert flat({"rl": {"use": "x", "clip": [0.1, 0.2]}, "sft": None}) == {
        "rl.use": "x",
        "rl.clip.0": "0.1",
        "rl.clip.1": "0.2",
        "sft": "None",
    }
    assert plain_name("proxies/pass@64/r²: ä") == "proxies/pass_at_64/r__ _"


def test_follower_that_fails_or_hangs_is_named_and_holds_up_nothing(tmp_path: Path) -> None:
    end = StudyFinished(study="s", folder=tmp_path, seconds=1, status="done")
    never = threading.Event()

    def fail() -> Memory:
        raise ConnectionError("no route\x1b[31m")

    with contextlib.redirect_stderr(io.StringIO()) as said:
        begun = time.monotonic()
        Follower("one", fail).tell(end)
        Follower("two", lambda: (never.wait(20), Memory())[1], wait_s=0.2).tell(end)
        assert time.monotonic() - begun < 10
    assert "tracker 'one' failed and is left out: ConnectionError: no route" in said.getvalue()
    assert "\x1b" not in said.getvalue()
    assert "tracker 'two' did not finish in time" in said.getvalue()
    never.set()


def test_unknown_tracker_is_told_of_and_known_ones_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert chosen(" tensorboard, tensorbord,, wandb,wandb") == ["tensorboard", "wandb"]
    assert "no tracker named 'tensorbord'; known: mlflow, tensorboard, wandb" in capsys.readouterr().err
    assert chosen("") == []


def test_study_without_a_recipe_has_no_settings(tmp_path: Path) -> None:
    event = StudyStarted(study="s", steps=(), cached=frozenset(), workers=1, folder=tmp_path)
    assert study_of(event).settings == {}


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy study that all three follow at once; the folder it ran in."""
    folder = tmp_path_factory.mktemp("tracked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_TRACK", "tensorboard,mlflow,wandb")
        patch.setenv("MLFLOW_TRACKING_URI", (folder / "mlruns").as_uri())
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        patch.setenv("WANDB_MODE", "offline")
        patch.setenv("WANDB_DIR", str(folder))
        for variable in ("WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR"):
            patch.setenv(variable, str(folder / variable))
        done = invoke(folder, changed("execution.workers", 1), "run", "--json")
    assert done.returncode == 0, done.stderr
    assert "tracker" not in done.stderr
    (folder / "stdout").write_text(done.stdout)
    return folder


def expected(folder: Path) -> dict[str, float]:
    return {plain_name(k): v for k, v in final_numbers(json.loads((folder / "stdout").read_text())).items()}


@pytest.mark.slow
def test_tensorboard_has_metrics_and_result(tracked: Path) -> None:
    (file,) = tracked.glob("store/studies/*/tensorboard/events.*")
    found = list(EventFile(file).read())
    rewards = [n.step for n in found if n.tag == "rl/all/seed_0/reward"]
    assert rewards == list(range(1, 11))
    result = {n.tag.removeprefix("result/"): n.value for n in found if n.tag.startswith("result/")}
    assert result == pytest.approx(expected(tracked), rel=1e-6)
    assert "candidates/half/outcome" in result and "proxies/pass_at_1/spearman" in result


READ_MLFLOW = """
import json
from mlflow.tracking import MlflowClient
client = MlflowClient()
(run,) = client.search_runs([client.get_experiment_by_name("harness").experiment_id])
rewards = [m.step for m in client.get_metric_history(run.info.run_id, "rl/all/seed 0/reward")]
files = [f.path for f in client.list_artifacts(run.info.run_id)]
print(json.dumps({"rewards": rewards, "files": files, "metrics": run.data.metrics, "params": run.data.params,
                  "status": run.info.status}))
"""


@pytest.mark.slow
def test_mlflow_has_settings_metrics_and_files(tracked: Path) -> None:
    env = {**os.environ, "MLFLOW_TRACKING_URI": (tracked / "mlruns").as_uri(), "MLFLOW_ALLOW_FILE_STORE": "true"}
    done = subprocess.run([sys.executable, "-c", READ_MLFLOW], env=env, capture_output=True, text=True, check=True)
    run = json.loads(done.stdout)
    assert sorted(run["rewards"]) == list(range(1, 11))
    assert run["files"] == ["recipe.json", "result.json"]
    assert run["params"]["rl.use"] == "toy-rl" and run["status"] == "FINISHED"
    assert {name: run["metrics"][name] for name in expected(tracked)} == pytest.approx(expected(tracked))


@pytest.mark.slow
def test_wandb_has_an_offline_run_with_result(tracked: Path) -> None:
    (run,) = tracked.glob("wandb/offline-run-*")
    (log,) = run.glob("run-*.wandb")
    content = log.read_bytes()
    for text in (b"rl/all/seed 0/reward", b"candidates/half/outcome", b"rl.use", b"toy-rl"):
        assert text in content
    assert json.loads((run / "files" / "result.json").read_text()) == json.loads((tracked / "stdout").read_text())
