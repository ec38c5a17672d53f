"""Run a program that does not outlive who started it: `python leash.py LOG PROGRAM ARGUMENT...`.

The program gets a process group of its own. When standard input ends, which it does when whoever holds its other end dies in
whatever way, the group is asked to end and then killed. Standard library only; never imported.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

GRACE_S = 15.0
"""Time for launchers to end what they started elsewhere."""


def main() -> None:
    """Start, wait, and exit as the program did; 128 + n where signal n ended it."""
    log, *program = sys.argv[1:]
    for ours in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ours, signal.SIG_IGN)
    with open(log, "ab", buffering=0) as file:  # noqa: PTH123 - nothing more to import
        child = subprocess.Popen(
            program, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, preexec_fn=_hear_signals
        )
    threading.Thread(target=_hold, args=(child.pid,), daemon=True).start()
    code = child.wait()
    _signal_group(child.pid, signal.SIGKILL)
    os._exit(code if code >= 0 else 128 - code)


def _hear_signals() -> None:
    """Undo what the program would inherit: ignored signals."""
    for ours in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ours, signal.SIG_DFL)


def _hold(group: int) -> None:
    sys.stdin.buffer.read()
    _signal_group(group, signal.SIGTERM)
    time.sleep(GRACE_S)
    _signal_group(group, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


if __name__ == "__main__":
    main()
