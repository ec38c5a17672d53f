"""One process that holds a model: start it, give it orders, read its answers, end it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SCRIPT = Path(__file__).with_name("serve.py")
_TAIL_LINES = 30
_STOP_S = 20.0
"""Longer than the script's own grace."""
_OURS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")
"""What this process was given for itself: one thread a worker would slow vLLM on a CPU."""
_OFFLINE = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "PYTHONUNBUFFERED": "1"}
"""The folder is all there is to read, and nothing of it is anybody else's affair."""


class VllmFailedError(RuntimeError):
    """The process ended or gave up; the message has the end of its log."""


class Child:
    """A running serve.py."""

    def __init__(
        self, python: Path, devices: str | None, arguments: Mapping[str, Any], environment: Mapping[str, str]
    ) -> None:
        """Start it and tell it what to open, without waiting for it.

        Args:
            python: that has vLLM.
            devices: its CUDA_VISIBLE_DEVICES; None leaves that as it is.
            arguments: EngineArgs by name.
            environment: variables of its own.
        """
        self.context = 0
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._process = subprocess.Popen(
            [python, _SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**_environment(python, devices), **environment},
            start_new_session=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._log = threading.Thread(target=self._copy_log, daemon=True)
        self._log.start()
        self.order({"open": dict(arguments)})

    def wait_ready(self) -> None:
        """Wait until the model is loaded.

        Raises:
            UserError: a flag is none of that version's.
            VllmFailedError: vLLM does not open the checkpoint, or the process ended.
        """
        answer = self._read()
        self.context = int(answer["context"])

    def order(self, order: Mapping[str, Any]) -> None:
        """Send an order; `answers` gives what it says to it."""
        assert self._process.stdin  # noqa: S101 - asked for above
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except OSError:
            # It has ended; reading tells why.
            return

    def answers(self) -> Iterator[dict[str, Any]]:
        """Yield the answers to the last order.

        Raises:
            VllmFailedError: vLLM raised, or the process ended.
        """
        while "done" not in (answer := self._read()):
            yield answer

    def close(self) -> None:
        """End the process and all it has started."""
        assert self._process.stdin  # noqa: S101 - asked for above
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.join(1.0)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe and not self._log.is_alive():
                pipe.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout  # noqa: S101 - asked for above
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            code = self._process.wait()
            self._log.join(2.0)
            raise VllmFailedError(f"vllm's process ended with exit code {code}{self._log_tail()}")
        answer: dict[str, Any] = json.loads(line)
        if "refused" in answer:
            raise UserError(f"engine 'vllm': {answer['refused']}")
        if "error" in answer:
            self._log.join(1.0)  # what was logged before the answer may still be in the other pipe
            raise VllmFailedError(f"{answer['error']}{self._log_tail()}")
        return answer

    def _log_tail(self) -> str:
        return "; the end of its log:\n" + "\n".join(self._tail) if self._tail else ""

    def _copy_log(self) -> None:
        """Pass its log on to ours, which is the step's, and keep the end of it."""
        assert self._process.stderr  # noqa: S101 - asked for above
        with contextlib.suppress(ValueError, OSError):
            for line in self._process.stderr:
                self._tail.append(line.rstrip())
                with contextlib.suppress(ValueError, OSError):
                    sys.stderr.write(line)


def _environment(python: Path, devices: str | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    chosen = {} if devices is None else {"CUDA_VISIBLE_DEVICES": devices}
    path = f"{python.parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return {**kept, **_OFFLINE, **chosen, "PATH": path}
