"""The slurm executor with submitit's jobs as real processes of this machine: killed, preempted, interrupted."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from study.small_study import COMMAND
from study.toy_study import PLUGIN, changed, invoke

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TIMED = ("cost", "environment", "plugins", "pareto")
JOBS = {"use": "slurm", "cluster": "local", "workers": 2, "poll_s": 0.1}


def few_steps(execution: dict[str, Any]) -> dict[str, Any]:
    """A toy study of two candidates: each job starts a Python of its own, which takes a while."""
    recipe = changed("candidates", [{"name": "all"}, {"name": "base", "sft": None}])
    del recipe["data"]["heldout"]
    return {**recipe, "rl": {"use": "toy-rl"}, "proxies": ["pass@1"], "execution": execution}


def start(folder: Path, recipe: dict[str, Any], wait_s: float) -> subprocess.Popen[str]:
    """Start a study whose engine takes its time to open."""
    file = folder / "toy.json"
    file.write_text(json.dumps(recipe))
    return subprocess.Popen(
        [str(COMMAND), "run", str(file), "--store", str(folder / "store"), "--plugin", str(PLUGIN), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HARNESS_PROGRESS": "lines", "TOY_WAIT_S": str(wait_s)},
        start_new_session=True,
    )


def sampling(store: Path) -> list[str]:
    """Keys of the sample steps in progress."""
    started: list[str] = []
    for file in store.glob("studies/*/events.jsonl"):
        for line in file.read_text().splitlines():
            event = json.loads(line) if line.endswith("}") else {"event": ""}
            if event["event"] == "step_started" and event["step"]["kind"] == "sample":
                started.append(event["step"]["key"])
            elif event["event"] == "step_finished" and event["step"]["key"] in started:
                started.remove(event["step"]["key"])
    return started


def holder(process: subprocess.Popen[str], key: str) -> psutil.Process | None:
    """The job that holds a step's lock."""
    for one in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if any(file.path.endswith(f"{key}.lock") for file in one.open_files()):
                return one
    return None


def when(condition: Callable[[], Any], seconds: float = 120) -> Any:
    """Wait until a condition holds, and return its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("it never came to that")


def untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: untimed(part) for key, part in value.items() if key not in TIMED}
    return [untimed(part) for part in value] if isinstance(value, list) else value


def test_study_equals_local_processes_when_one_job_is_killed_and_one_preempted(tmp_path: Path) -> None:
    for name in ("calm", "jobs"):
        (tmp_path / name).mkdir()
    calm = invoke(tmp_path / "calm", few_steps({"use": "local-processes", "workers": 1}), "run", "--json")
    assert calm.returncode == 0, calm.stderr
    store = tmp_path / "jobs" / "store"
    process = start(tmp_path / "jobs", few_steps(JOBS), wait_s=3)
    killed = when(lambda: sampling(store))[0]
    when(lambda: holder(process, killed)).kill()
    preempted = when(lambda: [key for key in sampling(store) if key != killed])[0]
    # What SLURM sends before a time limit or a preemption; submitit then queues the job again.
    when(lambda: holder(process, preempted)).send_signal(signal.SIGUSR2)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert json.dumps(untimed(json.loads(out))) == json.dumps(untimed(json.loads(calm.stdout)))
    attempts = {f.parent.name: json.loads(f.read_text())["attempts"] for f in store.glob("artifacts/*/*/manifest.json")}
    assert {key: number for key, number in attempts.items() if number > 1} == {killed: 2, preempted: 2}


def test_ctrl_c_ends_clean_and_leaves_no_job(tmp_path: Path) -> None:
    process = start(tmp_path, few_steps(JOBS), wait_s=60)
    when(lambda: sampling(tmp_path / "store"))
    left = psutil.Process(process.pid).children(recursive=True)
    begun = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - begun < 15
    assert process.returncode == 130
    # submitit's own processes may tell of the interrupt; ours do not.
    assert "run the same command to go on" in err and "harness_plugins" not in err
    when(lambda: not [one for one in left if one.is_running() and one.status() != psutil.STATUS_ZOMBIE], 15)
