"""Walk the graph: hand ready steps to a pool, tell the plug-ins what happens, stop cleanly when asked."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness import events
from harness.errors import StepFailedError
from harness.job import read_progress
from harness.worker import Report, Task, run_step

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from harness.plan import Plan
    from harness.plugins import Plugins
    from harness.step import Step
    from harness.store import Ref, Store

_POLL_S = 0.4
_BUSY_S = 0.5
_CRASHES = 3
"""A step whose worker process dies this often has failed."""


class Pool(Protocol):
    """What an executor opens: somewhere to run tasks."""

    @property
    def workers(self) -> int:
        """How many tasks run at once."""

    @property
    def isolates(self) -> bool:
        """Whether a worker that dies breaks its own task's future only, and not those of all tasks at work."""

    def submit(self, function: Callable[[Task], Report], task: Task) -> Future[Report]:
        """Run function(task) somewhere; a worker that dies gives BrokenProcessPool."""


@dataclass(kw_only=True)
class _State:
    """Where a run stands."""

    waiting: dict[Ref, set[Ref]]
    """Unfinished inputs of each unfinished step."""
    dependents: dict[Ref, list[Ref]]
    """Unfinished steps that read each step's artifact."""
    ready: deque[Step]
    running: dict[Future[Report], Step] = field(default_factory=dict)
    started: set[str] = field(default_factory=set)
    later: list[tuple[float, Step]] = field(default_factory=list)
    crashes: dict[str, int] = field(default_factory=dict)
    failed: list[tuple[Step, Report]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


def run(
    plan: Plan,
    store: Store,
    plugins: Plugins,
    open_pool: Callable[[], AbstractContextManager[Pool]],
    *,
    tell: Callable[[str, object], None],
) -> None:
    """Run every step the plan needs and the store lacks.

    Args:
        plan: the study.
        store: where artifacts go.
        plugins: passed on to the workers by their files.
        open_pool: opens the executor's pool; not called where nothing is to be done.
        tell: receives each event with the name of its hook.

    Raises:
        StepFailedError: a step failed; all that did not depend on it was done first.
    """
    missing = plan.missing(store)
    if not missing:
        return
    wanted = {step.ref for step in missing}
    waiting = {step.ref: {ref for ref in step.inputs.values() if ref in wanted} for step in missing}
    dependents: dict[Ref, list[Ref]] = {ref: [] for ref in wanted}
    for ref, needs in waiting.items():
        for need in needs:
            dependents[need].append(ref)
    state = _State(waiting=waiting, dependents=dependents, ready=deque(step for step in missing if not waiting[step.ref]))
    files = tuple(str(file) for file in plugins.files)
    with open_pool() as pool:
        while state.ready or state.running or state.later:
            _submit(state, pool, store, files, plan)
            done, _ = wait(state.running, timeout=_POLL_S, return_when=FIRST_COMPLETED) if state.running else (set(), None)
            if not state.running:
                time.sleep(_BUSY_S / 5)
            for future in done:
                step = state.running.pop(future)
                _settle(state, step, future, plan, store, tell)
            _tell_progress(state, store, tell)
    if state.failed:
        raise StepFailedError(_failure(state))


def _submit(state: _State, pool: Pool, store: Store, files: tuple[str, ...], plan: Plan) -> None:
    now = time.monotonic()
    due = [step for moment, step in state.later if moment <= now]
    state.later = [(moment, step) for moment, step in state.later if moment > now]
    for step in due:
        # Looked at from here, since a task may be a job in a cluster's queue.
        if _is_busy(store, step):
            state.later.append((now + _BUSY_S, step))
        else:
            state.ready.append(step)
    while state.ready and len(state.running) < pool.workers and (pool.isolates or not _must_wait(state)):
        step = state.ready.popleft()
        state.running[pool.submit(run_step, Task(step=step, store=str(store.root), plugin_files=files))] = step


def _is_busy(store: Store, step: Step) -> bool:
    """Whether somebody is still at the step."""
    from filelock import Timeout

    try:
        with store.lock(step.key).acquire(timeout=0):
            return False
    except Timeout:
        return True


def _must_wait(state: _State) -> bool:
    """Whether the next step must wait: one that was at work when a worker died runs alone, so that the culprit is known."""
    suspects = (step.key in state.crashes for step in (state.ready[0], *state.running.values()))
    return bool(state.running) and any(suspects)


def _settle(
    state: _State, step: Step, future: Future[Report], plan: Plan, store: Store, tell: Callable[[str, object], None]
) -> None:
    try:
        report = future.result()
    except BrokenProcessPool:
        crashes = state.crashes[step.key] = state.crashes.get(step.key, 0) + 1
        if crashes < _CRASHES:
            state.ready.appendleft(step)
            return
        report = Report(key=step.key, status="failed", error=f"its worker process died {crashes} times (out of memory?)")
    if report.status == "busy":
        state.later.append((time.monotonic() + _BUSY_S, step))
        return
    _note_start(state, step, 1, tell)
    if report.status == "failed":
        state.failed.append((step, report))
        log = Path(report.log) if report.log else None
        tell("harness_step_failed", events.StepFailed(step=step.info, error=report.error, log=log))
        return
    tell(
        "harness_step_finished",
        events.StepFinished(
            step=step.info,
            seconds=report.seconds,
            tokens=report.tokens,
            elsewhere=report.status == "cached",
            artifact=store.artifact(step.ref),
        ),
    )
    del state.waiting[step.ref]
    for ref in state.dependents[step.ref]:
        state.waiting[ref].remove(step.ref)
        if not state.waiting[ref]:
            state.ready.append(plan.by_ref[ref])


def _note_start(state: _State, step: Step, attempt: int, tell: Callable[[str, object], None]) -> None:
    if step.key not in state.started:
        state.started.add(step.key)
        tell("harness_step_started", events.StepStarted(step=step.info, attempt=attempt))


def _tell_progress(state: _State, store: Store, tell: Callable[[str, object], None]) -> None:
    """Read what the running steps say of themselves, and pass on what is new."""
    for step in state.running.values():
        row = read_progress(store.work(step.key))
        if not row or state.told.get(step.key) == row:
            continue
        state.told[step.key] = row
        _note_start(state, step, row["attempt"], tell)
        tell(
            "harness_step_progressed",
            events.StepProgressed(
                step=step.info,
                done=row["done"],
                total=row["total"],
                seconds=row["seconds"],
                note=row["note"],
                out=store.work(step.key) / "out",
            ),
        )


def _failure(state: _State) -> str:
    """Say what failed, one line a step, and how many steps could not be begun for it."""
    lines = []
    for step, report in state.failed[:10]:
        where = f"; log: {report.log}" if report.log else ""
        parts = ", ".join(f"{part.kind} {part.name!r}" for part in step.parts)
        lines.append(f"{step.title} ({parts or step.kind}): {report.error}{where}")
    more = len(state.failed) - 10
    if more > 0:
        lines.append(f"and {more} more steps failed")
    blocked = len(state.waiting) - len(state.failed)
    lines.append(f"{len(state.failed)} failed, {blocked} could not be begun; mend the cause and run the same command again")
    return "\n".join(lines)
