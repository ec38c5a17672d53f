"""A pool whose tasks are jobs. One thread submits what is ready, in arrays, and looks after the jobs."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import defaultdict
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import HarnessError
from harness_plugins.slurm.submission import open_submitter
from harness_plugins.slurm.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness_plugins.slurm.settings import Params

_GATHER_S = 0.3
"""How long to wait for more steps before those at hand are submitted as one array."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A task that is not submitted yet."""

    work: Work
    task: Any
    future: Future[Any]


class JobPool:
    """Runs tasks as jobs."""

    isolates = True

    def __init__(self, params: Params) -> None:
        self.workers = params.workers
        self._params = params
        self._wanted: list[_Wanted] = []
        self._jobs: dict[Future[Any], Any] = {}
        self._submitters: dict[int, Any] = {}
        self._changed = threading.Condition()
        self._over = False
        self._last_status = time.monotonic()
        self._thread = threading.Thread(target=self._attend, name="slurm-jobs", daemon=True)
        self._thread.start()

    def submit(self, function: Callable[[Any], Any], task: Any) -> Future[Any]:
        """Run function(task) in a job; the future raises BrokenProcessPool where the job dies."""
        future: Future[Any] = Future()
        with self._changed:
            self._wanted.append(_Wanted(Work(function, self._params.threads), task, future))
            self._changed.notify()
        return future

    def close(self) -> None:
        """End the thread; no job is left by then."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join()

    def kill(self) -> None:
        """Cancel all jobs; what they were at is taken up again by the next run."""
        self.close()
        jobs = list(self._jobs.values())
        if self._params.cluster == "local":
            for job in jobs:
                job.cancel()
        elif jobs:
            # One call for all; a job array is cancelled whole.
            subprocess.run(["scancel", *sorted({job.job_id.split("_")[0] for job in jobs})], check=False)

    def _attend(self) -> None:
        while True:
            with self._changed:
                if not self._wanted and not self._over:
                    self._changed.wait(self._params.poll_s if self._jobs else None)
                if self._over:
                    return
                fresh = bool(self._wanted)
            if fresh:
                time.sleep(_GATHER_S)
                self._submit_all()
            self._look()

    def _submit_all(self) -> None:
        with self._changed:
            wanted, self._wanted = self._wanted, []
        groups: dict[int, list[_Wanted]] = defaultdict(list)
        for one in wanted:
            step = one.task.step
            groups[self._params.gpus(step.kind, step.settings.get("method"))].append(one)
        for gpus, group in groups.items():
            try:
                jobs = self._submitter(gpus, group[0].task).map_array(group[0].work, [one.task for one in group])
            except Exception as error:
                for one in group:
                    one.future.set_exception(_refusal(error))
            else:
                self._jobs.update({one.future: job for one, job in zip(group, jobs, strict=True)})

    def _submitter(self, gpus: int, task: Any) -> Any:
        """Return what submits jobs with so many GPUs; submitit's files lie in the store, which all machines see."""
        if gpus not in self._submitters:
            self._submitters[gpus] = open_submitter(self._params, Path(task.store) / "submitit", gpus)
        return self._submitters[gpus]

    def _look(self) -> None:
        """Settle the jobs that have ended."""
        for future, job in list(self._jobs.items()):
            ask = time.monotonic() - self._last_status >= self._params.status_s
            if ask:
                self._last_status = time.monotonic()
            if job.done(force_check=ask):
                _settle(future, job, is_local=self._params.cluster == "local")
                del self._jobs[future]


def _settle(future: Future[Any], job: Any, *, is_local: bool) -> None:
    """Hand on how a job ended, and remove the files of one that ended well."""
    from submitit.core.utils import UncompletedJobError

    # On a cluster submitit waits for a result file that a slow disk shows late; here there is no such disk.
    if is_local and not job.paths.result_pickle.exists():
        future.set_exception(BrokenProcessPool(f"job {job.job_id} ended without a result"))
        return
    try:
        result = job.result()
    except UncompletedJobError as error:
        future.set_exception(BrokenProcessPool(str(error)))
    except Exception as error:
        future.set_exception(error)
    else:
        for file in job.paths.folder.glob(f"{job.job_id}_*"):
            file.unlink(missing_ok=True)
        future.set_result(result)


def _refusal(error: Exception) -> HarnessError:
    """Say why sbatch took no job."""
    said = str(error).strip()
    return HarnessError(f"slurm: no job could be submitted: {said}; mend execution and run the same command again")
