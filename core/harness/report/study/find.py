"""Find what a report is made from: a study's folder, its name in the store, or a result.json anywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import MissingError, suggest
from harness.result.recorded import read_result
from harness.store import Ref, Store, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_RECIPE_BYTES = 2_000_000
"""A recipe beyond this is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifacts:
    """The artifacts a result was made from, by role, as far as the store still has them."""

    store: Store
    roles: Mapping[str, Ref]
    layout: Mapping[str, Any]
    """The plan's (`harness.plan.layout`)."""

    def place(self, role: str) -> Path | None:
        """Return the folder of a role's artifact, or None where it is gone."""
        ref = self.roles.get(role)
        return self.store.artifact(ref) if ref is not None and self.store.has(ref) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One result, and what lies around it."""

    path: Path
    """Of result.json."""
    result: Mapping[str, Any]
    recipe: str | None
    """The recipe's JSON text."""
    artifacts: Artifacts | None


def find(run: str, store: Path) -> Study:
    """Find a study.

    Args:
        run: a result.json, a study's folder, or the name of a study in `store`; of several of one name the latest.
        store: folder of the store.

    Raises:
        MissingError: there is no such thing, or it has no result yet.
        DataError: the result cannot be read.
    """
    place = Path(run)
    path = place if place.is_file() else _result_in(place) if place.is_dir() else _named(run, store)
    return read_study(path)


def read_study(path: Path) -> Study:
    """Read a result and what lies beside it.

    Raises:
        DataError: the result cannot be read.
    """
    return Study(path=path, result=read_result(path), recipe=_recipe(path), artifacts=_artifacts(path))


def _result_in(folder: Path) -> Path:
    path = folder / "result.json"
    if not path.is_file():
        unfinished = (folder / "plan.json").is_file()
        what = (
            "has no result yet; run its recipe to the end" if unfinished else "holds no result.json; name a study's folder"
        )
        raise MissingError(f"{folder}: {what}")
    return path


def _named(run: str, store: Path) -> Path:
    folders = sorted((store / "studies").glob("*/plan.json"))
    studies = {plan.parent: str(read_json(plan).get("study")) for plan in folders}
    found = [folder for folder, name in studies.items() if run in (name, folder.name)]
    done = [folder / "result.json" for folder in found if (folder / "result.json").is_file()]
    if found and not done:
        raise MissingError(f"study {run!r}: has no result yet; run its recipe to the end")
    if not done:
        known = {*studies.values(), *(folder.name for folder in studies)}
        raise MissingError(f"report: {run!r} is no file, no folder and no study in {store}; {suggest(run, known)}")
    return max(done, key=lambda path: (path.stat().st_mtime_ns, path.parent.name))


def _recipe(path: Path) -> str | None:
    beside = path.with_name("recipe.json")
    if path.name != "result.json" or not beside.is_file() or beside.stat().st_size > MOST_RECIPE_BYTES:
        return None
    try:
        return json.dumps(json.loads(beside.read_text(encoding="utf-8")), indent=2, ensure_ascii=False)
    except ValueError:
        return None


def _artifacts(path: Path) -> Artifacts | None:
    """Find the artifacts of a study's folder in the store it stands in."""
    plan = path.with_name("plan.json")
    folder = path.absolute().parent
    if path.name != "result.json" or not plan.is_file():
        return None
    steps = [step for step in read_json(plan)["steps"] if step["kind"] == "analyze"]
    store = Store(folder.parents[1])
    last = Ref("analyze", steps[-1]["key"]) if steps else None
    if last is None or folder.parent.name != "studies" or not store.has(last):
        return None
    manifest = store.manifest(last)
    roles = {role: Ref.parse(text) for role, text in manifest["inputs"].items()}
    return Artifacts(store=store, roles=roles, layout=manifest["settings"])
