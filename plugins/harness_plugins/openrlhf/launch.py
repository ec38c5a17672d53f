"""Start a program, watch it while it runs, and end all of it when it must stop."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_LOOK_S = 1.0
_STOP_S = 40.0
"""Longer than the leash's grace."""
_TAIL_BYTES = 6000
_TAIL_LINES = 30
_OURS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TOKENIZERS_PARALLELISM", "VIRTUAL_ENV", "PYTHONHOME")
"""What this process was given for itself: one thread a worker, say, would slow an optimizer in the host's memory."""


class ProgramFailedError(RuntimeError):
    """A program did not do what it was started for; the message has the tail of its log and the command."""


def run(command: Sequence[str], log: Path, look: Callable[[], None] | None = None) -> None:
    """Run a program to its end.

    However this process ends, the program and all it started on this machine end with it.

    Args:
        command: the program and its arguments.
        log: where its output is appended.
        look: called about once a second while it runs, and once after; what it raises stops the program.

    Raises:
        ProgramFailedError: it ended with another code than 0.
    """
    with log.open("a", encoding="utf-8") as file:
        file.write(f"\n$ {shlex.join(command)}\n")
    with _leashed(command, log) as leash:
        while True:
            try:
                code = leash.wait(_LOOK_S)
            except subprocess.TimeoutExpired:
                code = None
            if look:
                look()
            if code is not None:
                break
    if code:
        raise ProgramFailedError(failure(command, log, f"ended with exit code {code}"))


def failure(command: Sequence[str], log: Path, what: str) -> str:
    """Say what went wrong with a program, with the tail of its log."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        text = file.read().decode(errors="replace")
    # Progress bars overwrite themselves.
    lines = [line.rstrip().rpartition("\r")[2] for line in text.split("\n")]
    tail = "\n".join([line for line in lines if line][-_TAIL_LINES:])
    return f"{what}; the end of its log {log}:\n{tail}\nthe command was: {shlex.join(command)}"


@contextmanager
def _leashed(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    leash = subprocess.Popen(
        [sys.executable, "-S", str(Path(__file__).with_name("leash.py")), str(log), *command],
        stdin=subprocess.PIPE,
        env=_environment(command[0]),
        start_new_session=True,
    )
    assert leash.stdin  # noqa: S101 - asked for above
    try:
        yield leash
    finally:
        leash.stdin.close()
        try:
            leash.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            leash.kill()
            leash.wait()


def _environment(python: str) -> dict[str, str]:
    """Return this process's environment as the program should have it, its own tools first on the path."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {**kept, "PATH": f"{Path(python).parent}{os.pathsep}{kept.get('PATH', os.defpath)}", "PYTHONUNBUFFERED": "1"}
