"""The ray executor: a real cluster on this machine, real workers, one of them killed; numbers as on local processes."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness import UserError
from harness.step import Step
from harness.worker import Task
from harness_plugins.ray.executor import open_ray
from harness_plugins.ray.settings import Params
from harness_plugins.ray.worker import run_task
from study.small_study import COMMAND
from study.toy_study import PLUGIN, changed, invoke

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TIMED = ("cost", "environment", "plugins", "pareto")
RAY = {"use": "ray", "workers": 2}


def start(folder: Path, recipe: dict[str, Any], wait_s: float) -> subprocess.Popen[str]:
    """Start a toy study whose engine takes its time to open."""
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


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def sampling_workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Ray names a worker after its task."""
    found = []
    for one in family(process):
        try:
            if " ".join(one.cmdline()).startswith("ray::sample"):
                found.append(one)
        except psutil.Error:
            continue
    return found


def when(condition: Callable[[], Any], seconds: float = 90) -> Any:
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


def manifests(store: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in store.glob("artifacts/*/*/manifest.json")]


@pytest.fixture(scope="module", autouse=True)
def _own_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let Ray's clusters here have a token of their own, so that nothing is written to the home folder."""
    file = tmp_path_factory.mktemp("ray") / "token"
    file.write_text(secrets.token_hex(32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(file))
        yield


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The toy study on local processes."""
    done = invoke(tmp_path_factory.mktemp("calm"), changed("execution.workers", 1), "run", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_study_equals_local_processes_when_a_worker_is_killed_in_a_step(tmp_path: Path, calm: dict[str, Any]) -> None:
    process = start(tmp_path, changed("execution", RAY), wait_s=1)
    when(lambda: sampling_workers(process))
    when(lambda: list((tmp_path / "store").glob("work/*/progress.json")))
    sampling_workers(process)[0].kill()
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert json.dumps(untimed(json.loads(out))) == json.dumps(untimed(calm))
    attempts = [row["attempts"] for row in manifests(tmp_path / "store")]
    assert sorted(attempts)[-1] == 2 and sum(attempts) == len(attempts) + 1
    again = next(row for row in manifests(tmp_path / "store") if row["attempts"] == 2)
    assert again["kind"] == "sample" and again["seconds"] > 1


def test_ctrl_c_ends_clean_and_leaves_no_process(tmp_path: Path) -> None:
    process = start(tmp_path, changed("execution", RAY), wait_s=60)
    when(lambda: sampling_workers(process))
    left = family(process)
    begun = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - begun < 15
    assert process.returncode == 130
    assert "run the same command to go on" in err and "Traceback" not in err
    when(lambda: not [one for one in left if one.is_running() and one.status() != psutil.STATUS_ZOMBIE], 15)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Return the address of a cluster that somebody else started."""
    code = (
        "import ray, sys; ray.init('local', num_cpus=2, include_dashboard=False, log_to_driver=False,"
        " object_store_memory=10**8); print(ray.get_runtime_context().gcs_address, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdin and owner.stdout
        yield owner.stdout.readline().strip()
        owner.stdin.close()


def test_step_fails_when_its_worker_dies_every_time(tmp_path: Path, cluster: str) -> None:
    recipe = changed("candidates", [{"name": "all", "sft": {"die_always": True}}, {"name": "base", "sft": None}])
    recipe["execution"] = {"use": "ray", "address": cluster}
    done = invoke(tmp_path, recipe)
    assert done.returncode == 1
    assert "its worker process died 3 times" in done.stderr and "Traceback" not in done.stderr


def test_study_equals_local_processes_on_a_cluster_of_somebody_else(
    tmp_path: Path, cluster: str, calm: dict[str, Any]
) -> None:
    """The test before this one used the same cluster, which thus outlived a study."""
    done = invoke(tmp_path, changed("execution", {"use": "ray", "address": cluster}), "run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.dumps(untimed(json.loads(done.stdout))) == json.dumps(untimed(calm))


def test_plugin_file_is_laid_down_where_it_is_missing(tmp_path: Path) -> None:
    here, gone = tmp_path / "here.py", tmp_path / "gone.py"
    here.write_text("one = 1")
    task = Task(step=Step(kind="data"), store="", plugin_files=(str(here), str(gone)))
    contents = {str(here): b"one = 1", str(gone): b"two = 2"}
    same, copied = run_task(lambda given: given.plugin_files, task, 1, contents)
    assert same == str(here)
    assert Path(copied).name == "gone.py" and Path(copied).read_bytes() == b"two = 2"


def test_study_is_refused_when_no_cluster_answers(tmp_path: Path) -> None:
    done = invoke(tmp_path, changed("execution", {"use": "ray", "address": "127.0.0.1:1"}))
    assert done.returncode == 2
    assert "execution.address: no Ray cluster to use at '127.0.0.1:1'" in done.stderr


def test_open_refuses_parts_of_several_gpus() -> None:
    with pytest.raises(UserError, match=r"execution\.gpus_per_rl: 1\.5 is not whole"), open_ray(Params(gpus_per_rl=1.5)):
        raise AssertionError("it was opened")


@pytest.mark.parametrize(
    ("kind", "method", "gpus"),
    [("train", "sft", 8), ("train", "rl", 4), ("sample", None, 0.5), ("drift", None, 0.5), ("grade", None, 0)],
)
def test_gpus_go_by_the_kind_of_step(kind: str, method: str | None, gpus: float) -> None:
    assert Params(gpus_per_sft=8, gpus_per_rl=4, gpus_per_engine=0.5).gpus(kind, method) == gpus
