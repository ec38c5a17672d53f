"""Processes that grade with math-verify, so that an answer that hangs or crashes costs its own verdict and no other."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal

from harness import MissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LIMIT_S = 5.0
"""Processor seconds an answer; math-verify's own limit is 5 s for each of its two halves."""
_PATIENCE = 20
"""A worker that is silent for so many times the limit by the wall clock is killed: it waits for memory, or for ever."""
_START_S = 300.0
"""Importing sympy from a cold network disk takes a minute."""
_ITEMS_A_WORKER = 24
"""A worker takes about a second to start, as long as some two hundred answers take; hostile ones are worth a second one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one pair of gold answer and answer."""

    correct: bool
    name: str | None
    """The answer's own canonical text, the same for every gold answer; None where there is none, or it was not reached."""
    is_final: bool = True
    """Whether it was reached. One that was not (too late, a dead process) is wrong here and now and not to be kept."""


@dataclass(slots=True)
class _Reached:
    """How far a worker came with one pair."""

    gold: bool = False
    correct: bool | None = None
    name: str | None = None
    end: Literal["whole", "late", "died"] = "whole"
    retire: bool = False


class Pool:
    """Workers, started as they are needed; its methods may be called from any thread."""

    def __init__(self, workers: int, limit_s: float = LIMIT_S) -> None:
        """Start nothing yet.

        Args:
            workers: how many processes at most.
            limit_s: processor seconds an answer.
        """
        self.workers, self.limit_s = workers, limit_s
        self.num_unreached = 0
        self._idle: list[_Worker] = []
        self._slots = threading.BoundedSemaphore(workers)
        self._lock = threading.Lock()
        self._hopeless: set[str] = set()
        self._process: int | None = os.getpid()

    def warm_up(self) -> None:
        """Start the workers in the background; one that does not start is for `judge` to tell of."""
        for _ in range(self.workers):
            threading.Thread(target=self._start_idle, daemon=True).start()

    def judge_all(self, pairs: Sequence[tuple[str, str]]) -> Iterator[Verdict]:
        """Yield the verdicts on pairs of gold answer and answer, in order, as `judge` does.

        Neighbours with one gold answer go to one worker, which has parsed it, and much of what wrong answers repeat.
        """
        workers = max(1, min(self.workers, len(pairs) // _ITEMS_A_WORKER))
        groups = [list(group) for _, group in groupby(pairs, key=itemgetter(0))]
        stopped = threading.Event()

        def judge_group(group: list[tuple[str, str]]) -> list[Verdict]:
            return [self.judge(*pair) for pair in group if not stopped.is_set()]

        with ThreadPoolExecutor(workers) as threads:
            try:
                for found in threads.map(judge_group, groups):
                    yield from found
            finally:
                stopped.set()
                threads.shutdown(wait=False, cancel_futures=True)

    def judge(self, gold: str, answer: str) -> Verdict:
        """Grade one answer; what is over the limit is wrong.

        A worker that dies of anything but the clock may have died of what it did before, or of another program's hunger for
        memory: the answer gets one more try in a new one.

        Raises:
            MissingError: no worker starts.
        """
        if gold in self._hopeless:
            return self._unreached()
        with self._slots:
            reached = self._try(gold, answer, fresh=False)
            if reached.end == "died" and reached.correct is None:
                reached = self._try(gold, answer, fresh=True)
        if reached.correct is None:
            if not reached.gold:
                self._hopeless.add(gold)
            return self._unreached()
        return Verdict(reached.correct, reached.name, is_final=reached.end != "died")

    def close(self) -> None:
        """End the workers, busy ones when they are done; in a forked child, leave the parent's alone."""
        is_own = self._process == os.getpid()
        with self._lock:
            idle, self._idle, self._process = self._idle, [], None
        for worker in idle if is_own else ():
            worker.kill()

    def _start_idle(self) -> None:
        with self._slots, contextlib.suppress(MissingError, OSError):
            worker = _Worker(self.limit_s)
            with self._lock:
                is_kept = self._process is not None
                if is_kept:
                    self._idle.append(worker)
            if not is_kept:
                worker.kill()

    def _try(self, gold: str, answer: str, *, fresh: bool) -> _Reached:
        with self._lock:
            usable = [] if fresh else [*self._idle[-1:], *(one for one in self._idle if gold in one.met)]
            worker = usable[-1] if usable else None
            if worker:
                self._idle.remove(worker)
        worker = worker or _Worker(self.limit_s)
        reached: _Reached | None = None
        try:
            reached = worker.ask(gold, answer)
        finally:
            with self._lock:
                is_kept = bool(reached and reached.end == "whole" and not reached.retire and self._process)
                if is_kept:
                    self._idle.append(worker)
            if not is_kept:
                worker.kill()
        return reached

    def _unreached(self) -> Verdict:
        with self._lock:
            self.num_unreached += 1
        return Verdict(correct=False, name=None, is_final=False)


class _Worker:
    """One process."""

    def __init__(self, limit_s: float) -> None:
        self.buffer, self.limit_s = b"", limit_s
        self.met: set[str] = set()
        self.process = subprocess.Popen(
            # -P: what lies in the folder a study is started from must not be imported.
            [sys.executable, "-P", "-m", "harness_plugins.math.verify_worker", str(limit_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # sympy's order of terms may go by hashes, and verdicts must not differ from run to run.
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        fault = "no answer"
        try:
            reply = self._read(_START_S)
            fault = str(reply.get("error", ""))
        except EOFError:
            fault = f"it ended with exit code {self.process.wait()}"
        except TimeoutError:
            pass
        if fault:
            self.kill()
            raise MissingError(
                f"grader 'math-verify': its process does not start ({fault}); run: pip install 'posttrain-harness[math]'"
            )

    def ask(self, gold: str, answer: str) -> _Reached:
        """Grade one answer; never raises for what the process does."""
        reached = _Reached(gold=gold in self.met)
        request = json.dumps({"gold": gold, "answer": answer}).encode() + b"\n"
        try:
            self.process.stdin.write(request)  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]
            while "name" not in (reply := self._read(_PATIENCE * self.limit_s)):
                reached.gold = True
                reached.correct = reply.get("correct", reached.correct)
        except (OSError, EOFError):
            # TimeoutError is an OSError; a process that is silent is killed here, so that its exit code tells.
            self.process.kill()
            reached.end = "late" if self.process.wait() == -signal.SIGPROF else "died"
            return reached
        self.met.add(gold)
        reached.name, reached.retire = reply["name"], reply["retire"]
        return reached

    def kill(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                if stream:
                    stream.close()
            except OSError:  # what it had not read
                pass

    def _read(self, patience_s: float) -> dict[str, Any]:
        """Return its next line; EOFError: it ended, TimeoutError: it is silent."""
        number = self.process.stdout.fileno()  # type: ignore[union-attr]
        # poll and not select: a program may have more than 1024 files open.
        watch = select.poll()
        watch.register(number, select.POLLIN | select.POLLHUP)
        deadline = time.monotonic() + patience_s
        while b"\n" not in self.buffer:
            if not watch.poll(max(0, int((deadline - time.monotonic()) * 1000))):
                raise TimeoutError
            part = os.read(number, 65536)
            if not part:
                raise EOFError
            self.buffer += part
        line, _, self.buffer = self.buffer.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply


def available_cpus() -> int:
    """Return how many processors this process may use."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
