"""A pool whose tasks are Ray tasks. Ray retries nothing: whoever walks the plan does, and then counts the attempt."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import HarnessError
from harness_plugins.ray.worker import run_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness_plugins.ray.settings import Params


class RayPool:
    """Runs tasks on the cluster this process is connected to."""

    isolates = True

    def __init__(self, workers: int, params: Params) -> None:
        import ray

        self.workers = workers
        self._params = params
        self._remote = ray.remote(run_task)
        self._plugins: dict[str, bytes] = {}
        self._running: dict[Future[Any], Any] = {}

    def submit(self, function: Callable[[Any], Any], task: Any) -> Future[Any]:
        """Run function(task) in a Ray worker; the future raises BrokenProcessPool where the worker or its machine dies."""
        import ray

        step = task.step
        for path in task.plugin_files:
            if path not in self._plugins:
                self._plugins[path] = Path(path).read_bytes()
        asked = self._remote.options(
            num_cpus=self._params.cpus,
            num_gpus=self._params.gpus(step.kind, step.settings.get("method")),
            max_retries=0,
            name=step.title or step.kind,
        )
        try:
            ref = asked.remote(function, task, self._params.threads, self._plugins)
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise HarnessError(f"ray: the cluster does not answer ({error}); run the same command to go on") from error
        future: Future[Any] = Future()
        self._running[future] = ref
        future.add_done_callback(self._running.pop)
        ref.future().add_done_callback(lambda done: _settle(future, done))
        return future

    def kill(self) -> None:
        """Kill the workers of all running tasks; what they were at is taken up again by the next run."""
        import ray

        for ref in list(self._running.values()):
            ray.cancel(ref, force=True)


def _settle(future: Future[Any], done: Future[Any]) -> None:
    """Hand on how a Ray task ended."""
    error = done.exception()
    if error is None:
        future.set_result(done.result())
    elif _is_death(error):
        broken = BrokenProcessPool(str(error))
        broken.__cause__ = error
        future.set_exception(broken)
    else:
        future.set_exception(error)


def _is_death(error: BaseException) -> bool:
    """Whether a worker or its machine died, rather than the code in it raised."""
    from ray import exceptions

    deaths = (
        exceptions.WorkerCrashedError,
        exceptions.NodeDiedError,
        exceptions.OutOfMemoryError,
        exceptions.LocalRayletDiedError,
        exceptions.ObjectLostError,
    )
    return isinstance(error, deaths)
