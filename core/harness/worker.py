"""Run one step in this process: lock, work, publish. Killed at any moment and run again, it goes on where it stopped."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import platform
import shutil
import sys
import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness._version import __version__
from harness.errors import HarnessError
from harness.job import Job, Ledger
from harness.plugins import Plugins
from harness.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A step and where to do it; travels to another process or machine."""

    step: Step
    store: str
    plugin_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a task ended."""

    key: str
    status: Literal["done", "cached", "busy", "failed"]
    """`cached`: it stood already; `busy`: another process is at it."""
    seconds: float = 0.0
    """Over all attempts."""
    tokens: int = 0
    error: str = ""
    log: str | None = None


def run_step(task: Task) -> Report:
    """Do a step unless it is done or another process is at it; never raises for what a step's code raises."""
    from filelock import Timeout

    store = Store(Path(task.store))
    step = task.step
    if store.has(step.ref):
        return Report(key=step.key, status="cached")
    try:
        with store.lock(step.key).acquire(timeout=0):
            if store.has(step.ref):
                return Report(key=step.key, status="cached")
            return _work(store, step, task)
    except Timeout:
        return Report(key=step.key, status="busy")


def _work(store: Store, step: Step, task: Task) -> Report:
    work = store.work(step.key)
    for folder in ("out", "scratch"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    ledger = Ledger(work)
    log = work / "log.txt"
    try:
        with _output_to(log):
            job = Job(
                step=step,
                store=store,
                plugins=_plugins(task.plugin_files),
                ledger=ledger,
                out=work / "out",
                scratch=work / "scratch",
            )
            importlib.import_module(f"harness.steps.{step.kind}").run(job)
    except Exception as error:
        with log.open("a", encoding="utf-8") as file:
            file.write(traceback.format_exc())
        said = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        return Report(key=step.key, status="failed", seconds=ledger.seconds, error=said, log=str(log))
    seconds = ledger.spent + ledger.seconds
    _tidy(work / "out")
    store.publish(step.ref, work / "out", _manifest(job, seconds))
    shutil.rmtree(work, ignore_errors=True)
    return Report(key=step.key, status="done", seconds=seconds, tokens=ledger.tokens)


def _manifest(job: Job, seconds: float) -> dict[str, Any]:
    step = job.step
    return {
        "schema_version": 1,
        "kind": step.kind,
        "key": step.key,
        "title": step.title,
        "parts": [{**part.identity(), "from": job.plugins.owner_of(part.kind, part.name)} for part in step.parts],
        "settings": dict(step.settings),
        "seed": step.seed,
        "inputs": {role: str(ref) for role, ref in step.inputs.items()},
        "seconds": round(seconds, 3),
        "attempts": job.ledger.attempt,
        "tokens": job.ledger.tokens,
        "facts": job.facts,
        "files": _files(job.out),
        "environment": environment(),
    }


def _files(out: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[path.relative_to(out).as_posix()] = {"sha256": digest, "bytes": path.stat().st_size}
    return found


def _tidy(out: Path) -> None:
    """Remove the drafts that a killed attempt left: our drafts' names start with a dot."""
    for draft in out.glob(".*"):
        draft.unlink() if draft.is_file() else shutil.rmtree(draft)


@cache
def environment() -> dict[str, str]:
    """Return the versions that can move a number."""
    from importlib.metadata import PackageNotFoundError, version

    found = {
        "harness": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    for package in ("numpy", "scipy", "torch", "transformers", "tokenizers", "vllm", "openrlhf", "lm_eval", "math-verify"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


@cache
def _plugins(files: tuple[str, ...]) -> Plugins:
    return Plugins.discover([Path(file) for file in files])


@contextlib.contextmanager
def _output_to(log: Path) -> Iterator[None]:
    """Send what the step's code prints, and what its libraries print, to its log."""
    with log.open("ab", buffering=0) as file, contextlib.ExitStack() as stack:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number in (1, 2):
            kept = os.dup(number)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            os.dup2(file.fileno(), number)
        yield
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
