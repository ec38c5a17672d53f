"""The reward of an OpenRLHF run. Made by posttrain-harness from a file of its own; standard library only.

OpenRLHF calls `reward_func` from threads, one completion at a time. Each completion is graded in a process of the harness's
own Python, which is killed when it takes too long. OpenRLHF swallows what `reward_func` raises and would train on without a
reward, so a grader that fails is told of in a file, which the harness watches, and the call does not return.
"""

from __future__ import annotations

import json
import os
import queue
import re
import select
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

CONFIG: dict[str, Any] = {}

_POOLS: dict[str, queue.Queue[Any]] = {}
_POOLS_LOCK = threading.Lock()
_OVERLAPS = (256, 64, 16)
"""Characters at a prompt's end by which it is found in a text whose start was cut."""


class FaultError(Exception):
    """The run must stop."""


def reward_func(queries: list[str], prompts: list[str], labels: list[str], **_ignored: Any) -> dict[str, Any]:
    """Pay 1.0 for a right completion and 0.0 otherwise.

    Args:
        queries: one text, prompt and completion with their special tokens.
        prompts: its prompt.
        labels: JSON of the problem, and which of the graders is meant.
    """
    try:
        is_right, is_late = verdict(queries, prompts, labels)
    except Exception as error:
        _give_up(str(error) if isinstance(error, FaultError) else f"{type(error).__name__}: {error}")
        raise
    reward = 1.0 if is_right else 0.0
    return {"rewards": reward, "scores": reward, "extra_logs": {"grader_timeouts": 1.0 if is_late else 0.0}}


def verdict(queries: list[str], prompts: list[str], labels: list[str]) -> tuple[bool, bool]:
    """Return whether the one completion is paid, and whether its grading took too long."""
    if len(queries) != 1:
        raise FaultError(f"called with {len(queries)} completions at once; this version of OpenRLHF is not supported")
    asked = json.loads(labels[0])
    completion = completion_of(queries[0], prompts[0])
    special = CONFIG["special"]
    if not CONFIG["paid_unended"] and not completion.endswith(tuple(special)):
        return False, False
    return graded(asked["grader"], asked["problem"], re.sub("|".join(map(re.escape, special)), "", completion))


def completion_of(query: str, prompt: str) -> str:
    """Return what follows the prompt; the text was decoded from tokens, and its start may have been cut off."""
    if query.startswith(prompt):
        return query[len(prompt) :]
    stripped = prompt.lstrip()
    if stripped and query.lstrip().startswith(stripped):
        return query.lstrip()[len(stripped) :]
    for length in _OVERLAPS:
        end = prompt[-length:]
        if len(prompt) >= length and query.count(end) >= 1:
            return query[query.index(end) + length :]
    raise FaultError(
        f"the prompt is not in the decoded text, so the completion cannot be told: the prompt ends in {prompt[-60:]!r}, the "
        f"text begins with {query[:60]!r}; the tokenizer does not give back what it was given"
    )


def graded(name: str, problem: dict[str, Any], completion: str) -> tuple[bool, bool]:
    """Return whether a completion is right, and whether its grading took too long."""
    slots = _pool(name)
    worker = slots.get()
    try:
        for is_last in (False, True):
            if worker is None:
                worker = Worker(name)
            try:
                reply = worker.ask({"problem": problem, "completion": completion}, CONFIG["limit_s"])
            except TimeoutError:
                worker.kill()
                worker = None
                return False, True
            except EOFError as error:
                worker.kill()
                worker = None
                if is_last:
                    where = f"problem {problem['id']!r}, completion {completion[-200:]!r}"
                    raise FaultError(f"its process died twice on one completion ({error}): {where}") from None
                continue
            if "error" in reply:
                where = f"problem {problem['id']!r}, completion {completion[-200:]!r}"
                raise FaultError(f"grader {CONFIG['graders'][name]['name']!r}: {reply['error']}; {where}")
            return bool(reply["correct"]), False
        raise FaultError("no answer")
    finally:
        slots.put(worker)


class Worker:
    """A grading process."""

    def __init__(self, name: str) -> None:
        """Start it and wait until it is ready."""
        self.buffer = b""
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "LD_PRELOAD")}
        environment.update(CONFIG["environment"], CUDA_VISIBLE_DEVICES="")
        self.process = subprocess.Popen(
            CONFIG["graders"][name]["command"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            env=environment,
        )
        try:
            reply = self._read(time.monotonic() + CONFIG["start_s"])
        except (TimeoutError, EOFError) as error:
            self.kill()
            raise FaultError(f"grader {CONFIG['graders'][name]['name']!r} does not start: {error or 'no answer'}") from None
        if "error" in reply:
            self.kill()
            raise FaultError(f"grader {CONFIG['graders'][name]['name']!r} does not start: {reply['error']}")

    def ask(self, request: dict[str, Any], limit_s: float) -> dict[str, Any]:
        """Return its answer; TimeoutError: too late, EOFError: it died."""
        assert self.process.stdin  # noqa: S101 - asked for above
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise EOFError(self._end()) from None
        return self._read(time.monotonic() + limit_s)

    def kill(self) -> None:
        """End it and forget what it said."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.said):
            try:
                if stream:
                    stream.close()
            except OSError:  # what it had not read
                pass

    def _read(self, deadline: float) -> dict[str, Any]:
        assert self.process.stdout  # noqa: S101 - asked for above
        number = self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            # poll and not select: a vLLM engine may have more than 1024 files open.
            watch = select.poll()
            watch.register(number, select.POLLIN | select.POLLHUP)
            if not watch.poll(max(1, int(left * 1000))):
                continue
            part = os.read(number, 65536)
            if not part:
                raise EOFError(self._end())
            self.buffer += part
        line, _, self.buffer = self.buffer.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _end(self) -> str:
        code = self.process.wait()
        self.said.seek(0)
        tail = self.said.read()[-2000:].decode(errors="replace").strip()
        return f"exit code {code}{': ' + tail if tail else ''}"


def _pool(name: str) -> queue.Queue[Any]:
    with _POOLS_LOCK:
        if name not in _POOLS:
            slots: queue.Queue[Any] = queue.Queue()
            for _ in range(CONFIG["workers"]):
                slots.put(None)
            _POOLS[name] = slots
        return _POOLS[name]


def _give_up(message: str) -> None:
    """Say what is wrong where the harness looks, and wait for it to end this process."""
    print(f"reward: {message}", file=sys.stderr, flush=True)  # noqa: T201 - the program's log
    draft = f"{CONFIG['fault']}.{os.getpid()}.{threading.get_ident()}"
    try:
        with open(draft, "w", encoding="utf-8") as file:  # noqa: PTH123 - runs anywhere
            json.dump({"message": message}, file)
        os.replace(draft, CONFIG["fault"])  # noqa: PTH105 - as above
    except OSError:
        # No one would hear of it; an engine that dies stops the run, though with less of a message.
        os._exit(70)
    time.sleep(CONFIG["hold_s"])
