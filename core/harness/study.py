"""A study from recipe to result: plan, execute, tell, and lay result.json where people find it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import sys
import time
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import events, execute, requirements
from harness import plan as planning
from harness.errors import HarnessError, StoreError
from harness.store import Store, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.offers import Offer
    from harness.plan import Plan
    from harness.plugins import Plugins
    from harness.recipe import Recipe, Use

    Listener = Callable[[Mapping[str, Any]], None]

DEFAULT_STORE = ".harness"


def default_store() -> Path:
    """Return the store's folder where none is named: HARNESS_STORE, or .harness in the current folder."""
    return Path(os.environ.get("HARNESS_STORE") or DEFAULT_STORE)


def run(
    recipe: Recipe,
    plugins: Plugins,
    store: Store,
    *,
    plan: Plan | None = None,
    folder: Path | None = None,
    listen: Listener | None = None,
) -> tuple[dict[str, Any], Path]:
    """Run a study to its end, or go on with it.

    Args:
        recipe: a loaded recipe.
        plugins: passed on to the workers by their files.
        store: where artifacts go.
        plan: the recipe's, where it is not laid out as usual.
        folder: the study's, where it was not named after the plan.
        listen: receives each event as JSON (docs/events.md), progress too, besides the plug-ins.

    Returns:
        result.json as a mapping, and its path.

    Raises:
        StepFailedError: a step failed.
        MissingError: a component's package is not installed.
        StoreError: the store cannot be written.
        KeyboardInterrupt: interrupted; every finished step and shard is kept.
    """
    plan = plan or planning.build(recipe, plugins)
    folder = folder or study_folder(store, plan)
    result = advance(recipe, plan, plugins, store, folder, listen)
    if result is None:
        raise HarnessError(f"study {plan.study!r}: its plan stops before a result; please report it")
    return result, folder / "result.json"


def advance(
    recipe: Recipe, plan: Plan, plugins: Plugins, store: Store, folder: Path, listen: Listener | None = None
) -> dict[str, Any] | None:
    """Run what a plan is for: the whole study, or with `plan.goals` a part of it; as `run`, and raising the same.

    Returns:
        result.json as a mapping; None for a part.
    """
    requirements.check(offers_of(recipe), plugins)
    requirements.check_programs(uses_of(recipe))
    store.prepare()
    teller = _Teller(plugins, folder, listen)
    start = time.monotonic()
    status, result = "failed", None
    try:
        _write_plan(folder, recipe, plan)
        teller.tell("harness_study_started", _started(plan, store, recipe, folder))
        execute.run(plan, store, plugins, lambda: recipe.execution.offer.load()(recipe.execution.params), tell=teller.tell)
        _sweep(store, plan)
        result = None if plan.goals else _lay_out(store, plan, folder)
        status = "done"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    except OSError as error:
        raise StoreError(
            f"store {str(store.root)!r}: {error.strerror or error}; free space or choose another with --store"
        ) from error
    finally:
        seconds = time.monotonic() - start
        teller.tell(
            "harness_study_finished",
            events.StudyFinished(study=plan.study, folder=folder, seconds=seconds, status=status, result=result),
        )
    return result


def study_folder(store: Store, plan: Plan) -> Path:
    """Return the folder of a plan's study: its name and the start of the last step's key."""
    return store.study(plan.study, plan.target.key)


def offers_of(recipe: Recipe) -> Iterator[Offer]:
    """Yield every offer a recipe uses."""
    return (use.offer for use in uses_of(recipe))


def uses_of(recipe: Recipe) -> Iterator[Use]:
    """Yield every component a recipe uses, with its settings."""
    uses: list[Use | None] = [recipe.base, recipe.engine, recipe.execution, *recipe.data.values(), *recipe.proxies]
    uses += [recipe.rl.use] if recipe.rl else []
    uses += [benchmark.use for benchmark in recipe.benchmarks]
    for candidate in recipe.candidates:
        uses += [candidate.sft, candidate.model, *candidate.curate]
    for use in uses:
        if use is not None:
            yield use


def _started(plan: Plan, store: Store, recipe: Recipe, folder: Path) -> events.StudyStarted:
    missing = {step.key for step in plan.missing(store)}
    workers = getattr(recipe.execution.params, "workers", 0)
    return events.StudyStarted(
        study=plan.study,
        steps=[step.info for step in plan.steps],
        cached=frozenset(step.key for step in plan.steps if step.key not in missing),
        workers=workers if isinstance(workers, int) else len(os.sched_getaffinity(0)),
        folder=folder,
    )


def _write_plan(folder: Path, recipe: Recipe, plan: Plan) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"kind": step.kind, "key": step.key, "title": step.title} for step in plan.steps]
    written = {"study": plan.study, "digest": plan.digest, "steps": rows}
    path = folder / "plan.json"
    if not path.exists() or read_json(path) != written:
        write_json(folder / "recipe.json", recipe.raw)
        write_json(path, written)


def _sweep(store: Store, plan: Plan) -> None:
    """Remove what a kill between publishing and tidying left of this plan's finished steps."""
    from filelock import Timeout

    finished = {step.key for step in plan.steps if store.has(step.ref)}
    for work in (store.root / "work").iterdir():
        if work.name in finished:
            with contextlib.suppress(Timeout), store.lock(work.name).acquire(timeout=0):
                shutil.rmtree(work, ignore_errors=True)


def _lay_out(store: Store, plan: Plan, folder: Path) -> dict[str, Any]:
    """Copy what the last step made to the study's folder."""
    made = store.artifact(plan.target.ref)
    for name in ("counts.parquet", "result.json"):
        draft = folder / f".{name}.{os.getpid()}"
        shutil.copyfile(made / name, draft)
        draft.replace(folder / name)
    return read_json(folder / "result.json")


class _Teller:
    """Hands events to the plug-ins and the listener, and keeps them as events.jsonl in the study's folder."""

    def __init__(self, plugins: Plugins, folder: Path, listen: Listener | None) -> None:
        self._plugins = plugins
        self._listen = listen
        self._path = folder / "events.jsonl"

    def tell(self, hook: str, event: object) -> None:
        """Tell everyone; a plug-in that fails is named on stderr and left out."""
        row = {"event": hook.removeprefix("harness_"), "time": round(time.time(), 3), **_jsonable(event)}
        if self._listen:
            self._listen(row)
        if hook != "harness_step_progressed":
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        for fault in self._plugins.emit(hook, event):
            print(fault, file=sys.stderr)  # noqa: T201 - there is no one else to tell


def _jsonable(event: object) -> Mapping[str, Any]:
    if not is_dataclass(event) or isinstance(event, type):
        raise HarnessError(f"{event!r} is no event")
    row = {f.name: getattr(event, f.name) for f in fields(event)}
    for bulky in ("steps", "cached"):
        if bulky in row:
            row[bulky] = len(row[bulky])
    if "step" in row:
        row["step"] = asdict(row["step"])
    if "result" in row:
        row["result"] = str(row["folder"] / "result.json") if row["result"] else None
    return {k: _plain(v) for k, v in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
