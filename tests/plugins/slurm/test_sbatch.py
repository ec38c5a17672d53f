"""What sbatch, sacct and scancel are told, with stand-ins for them that run the submitted script here.

There is no SLURM in tests; the stand-ins take submitit's real submission files.
"""

import os
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cloudpickle
import pytest
import submitit

from harness import HarnessError, UserError
from harness_plugins.slurm.executor import open_slurm
from harness_plugins.slurm.settings import Params

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SBATCH = """#!/bin/sh
echo "$@" >> {place}/calls; cat "$1" > {place}/script
[ -e {place}/refuse ] && {{ echo "sbatch: error: invalid partition" >&2; exit 1; }}
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\)%.*/\\1/p' "$1")
export SLURM_JOB_ID=1000 SLURM_NTASKS=1 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_JOB_NUM_NODES=1
if [ -n "$last" ]; then
  for task in $(seq 0 "$last"); do
    SLURM_ARRAY_JOB_ID=1000 SLURM_ARRAY_TASK_ID=$task sh "$1" > {place}/job.log 2>&1 &
  done
else (sh "$1" || echo OUT_OF_MEMORY > {place}/state) > {place}/job.log 2>&1 &
fi
echo "Submitted batch job 1000"
"""
SRUN = """#!/bin/sh
while true; do case "$1" in --unbuffered) shift;; --output|--error) shift 2;; *) break;; esac; done
exec "$@"
"""
SACCT = """#!/bin/sh
echo sacct >> {place}/calls
printf 'JobID|State|NodeList\\n1000|%s|n1\\n' "$(cat {place}/state 2>/dev/null || echo RUNNING)"
"""
SCANCEL = """#!/bin/sh
echo "scancel $@" >> {place}/calls
"""


def answer(task: Any) -> Any:
    return task.number * 2, os.environ["OMP_NUM_THREADS"]


def perish(task: Any) -> Any:
    os._exit(9)


def linger(task: Any) -> Any:
    time.sleep(5)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-ins on the PATH; return where they note what they were told."""
    place = tmp_path / "slurm"
    place.mkdir()
    for name, text in {"sbatch": SBATCH, "srun": SRUN, "sacct": SACCT, "scancel": SCANCEL}.items():
        (place / name).write_text(text.format(place=place))
        (place / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    monkeypatch.setattr(submitit.Job, "_results_timeout_s", 0)
    submitit.SlurmJob.watcher.clear()
    submitit.SlurmJob.watcher._registered.clear()
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    return place


def task(store: Path, kind: str = "sample", number: int = 0, **settings: str) -> Any:
    return SimpleNamespace(step=SimpleNamespace(kind=kind, settings=settings), store=str(store), number=number)


def script(cluster: Path) -> set[str]:
    return set((cluster / "script").read_text().splitlines())


def test_steps_that_are_ready_together_are_one_array(cluster: Path, tmp_path: Path) -> None:
    params = Params(
        partition="gpu", account="lab", hours=2, cpus=4, memory_gb=64, gpus_per_engine=2, gpu_type="h100", poll_s=0.1,
        sbatch={"qos": "low"}, setup=("echo ready",), array_parallelism=2, threads=3,
    )  # fmt: skip
    with open_slurm(params) as pool:
        futures = [pool.submit(answer, task(tmp_path, number=n)) for n in range(3)]
        assert [future.result(60) for future in futures] == [(0, "3"), (2, "3"), (4, "3")]
    assert script(cluster) >= {
        "#SBATCH --array=0-2%2", "#SBATCH --partition=gpu", "#SBATCH --account=lab", "#SBATCH --time=120",
        "#SBATCH --cpus-per-task=4", "#SBATCH --mem=64GB", "#SBATCH --gpus-per-node=h100:2", "#SBATCH --qos=low",
        "#SBATCH --nodes=1", "echo ready",
    }  # fmt: skip
    assert len([line for line in (cluster / "calls").read_text().splitlines() if line.endswith(".sh")]) == 1
    assert not list((tmp_path / "submitit").glob("*.pkl"))


def test_gpus_go_by_the_kind_of_step_and_as_gres_where_asked(cluster: Path, tmp_path: Path) -> None:
    params = Params(gpus_per_sft=1, gpus_per_rl=8, gpus_as="gres", poll_s=0.1)
    with open_slurm(params) as pool:
        assert pool.submit(answer, task(tmp_path, "train", 1, method="rl")).result(60)
    assert "#SBATCH --gres=gpu:8" in script(cluster)
    assert params.gpus("train", "sft") == 1 and params.gpus("grade", None) == 0


def test_job_that_dies_is_told_by_sacct_and_breaks_its_own_future(cluster: Path, tmp_path: Path) -> None:
    with open_slurm(Params(poll_s=0.1, status_s=0.5)) as pool:
        assert pool.isolates
        with pytest.raises(BrokenProcessPool, match="OUT_OF_MEMORY"):
            pool.submit(perish, task(tmp_path)).result(60)


def test_jobs_are_cancelled_in_one_call_when_the_study_is_interrupted(cluster: Path, tmp_path: Path) -> None:
    def interrupt() -> None:
        with open_slurm(Params(poll_s=0.1)) as pool:
            for n in range(3):
                pool.submit(linger, task(tmp_path, number=n))
            while not (cluster / "script").exists():
                time.sleep(0.05)
            time.sleep(0.5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert (cluster / "calls").read_text().splitlines()[-1] == "scancel 1000"


def test_refused_submission_says_what_sbatch_said(cluster: Path, tmp_path: Path) -> None:
    (cluster / "refuse").touch()
    with open_slurm(Params(poll_s=0.1)) as pool, pytest.raises(HarnessError, match="invalid partition"):
        pool.submit(answer, task(tmp_path)).result(60)


def test_open_refuses_a_machine_without_slurm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="sbatch and srun are not found"), open_slurm(Params()):
        raise AssertionError("it was opened")
