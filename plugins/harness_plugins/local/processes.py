"""local-processes: a pool of persistent worker processes on this machine.

Each worker keeps its imports between steps and has one torch thread, which for tiny models beats one process with many
threads; candidates then run side by side on all cores. Workers die with their parent, whatever kills it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le

from harness import Executor, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of the pool."""

    workers: Annotated[int, Ge(1), Le(1024)] | Literal["auto"] = "auto"
    """Worker processes; `auto`: one for each core this process may use."""
    threads: Annotated[int, Ge(1), Le(256)] = 1
    """Compute threads in each worker; 1 is fastest for models under a few million parameters."""


@contextlib.contextmanager
def open_processes(params: Params) -> Iterator[ProcessPool]:
    """Open a pool; on the way out by an exception (Ctrl-C among them) the workers are killed at once."""
    workers = len(os.sched_getaffinity(0)) if params.workers == "auto" else params.workers
    pool = ProcessPool(workers, params.threads)
    try:
        yield pool
    except BaseException:
        pool.kill()
        raise
    pool.close()


class ProcessPool:
    """ProcessPoolExecutor that is made anew when a worker dies."""

    isolates = False

    def __init__(self, workers: int, threads: int) -> None:
        self.workers = workers
        self._threads = threads
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run function(*arguments) in a worker."""
        with _interrupts_held():
            try:
                return self._open().submit(function, *arguments)
            except BrokenProcessPool:
                self.kill()
                return self._open().submit(function, *arguments)

    def close(self) -> None:
        """Wait for the workers to end."""
        if self._pool:
            self._pool.shutdown()

    def kill(self) -> None:
        """Kill the workers; what they were at is taken up again by the next run."""
        import multiprocessing

        for process in multiprocessing.active_children():
            process.kill()
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None

    def _open(self) -> ProcessPoolExecutor:
        import multiprocessing

        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=prepare_worker,
                initargs=(os.getpid(), self._threads),
            )
        return self._pool


def prepare_worker(parent: int, threads: int) -> None:
    """Set up a worker: die with the parent, leave Ctrl-C to it, compute with so many threads, keep off the network."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(threads)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while workers are born, so that they are born deaf to it and none is half made."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@hookimpl
def harness_executors() -> Iterator[Executor]:
    """Offer the pool."""
    yield Executor(
        name="local-processes",
        version="1",
        summary="a pool of worker processes on this machine, one compute thread each",
        params=Params,
        load=lambda: open_processes,
    )
