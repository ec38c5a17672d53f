"""A finished run as it lies in a store: its result, its counts, its recipe, and what made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import MissingError, UserError, suggest
from harness.plugins import OFFER_HOOKS
from harness.result.cost import Ledger
from harness.result.recorded import read_result
from harness.store import Ref, Store, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


COMPONENTS = frozenset(kind.kind for kind in OFFER_HOOKS) - {"executor"}
"""Kinds that a submission lists; a checkpoint's folder is a part of a step and no component."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A study that has ended."""

    folder: Path
    result: Mapping[str, Any]
    counts: Path
    recipe: Mapping[str, Any]
    components: list[dict[str, str]]
    """kind, name, version, from; sorted."""


def find_run(text: str, store: Path) -> Run:
    """Find a run by its study's folder, its result.json, or the study's name in a store.

    Raises:
        MissingError: no such study, or it has not ended.
        UserError: several studies of that name, or the store no longer holds what made it.
        DataError: the result cannot be read.
    """
    folder = _folder(text, store)
    result = folder / "result.json"
    for path in (result, folder / "counts.parquet", folder / "recipe.json", folder / "plan.json"):
        if not path.is_file():
            raise MissingError(f"{folder}: has no {path.name}; name the folder of a study that has ended")
    return Run(
        folder=folder,
        result=read_result(result),
        counts=folder / "counts.parquet",
        recipe=read_json(folder / "recipe.json"),
        components=_components(folder),
    )


def _folder(text: str, store: Path) -> Path:
    path = Path(text)
    if path.is_dir() or path.is_file():
        return (path if path.is_dir() else path.parent).absolute()
    plans = {plan.parent: str(read_json(plan)["study"]) for plan in sorted((store / "studies").glob("*/plan.json"))}
    found = [folder for folder, study in plans.items() if text in (study, folder.name)]
    if not found:
        raise MissingError(f"run {text!r}: neither a path nor a study of {store}; {suggest(text, plans.values())}")
    if len(found) > 1:
        raise UserError(f"run {text!r}: {len(found)} studies have that name; name one: {', '.join(f.name for f in found)}")
    return found[0].absolute()


def _components(folder: Path) -> list[dict[str, str]]:
    """Gather the components of every step from the manifests: the versions that ran, whatever is installed now."""
    store = Store(folder.parents[1])
    steps = read_json(folder / "plan.json")["steps"]
    try:
        manifests = Ledger(store).all_under([Ref(steps[-1]["kind"], steps[-1]["key"])]).values()
    except (OSError, IndexError) as error:
        raise UserError(
            f"{folder}: the store around it lacks a step of the study ({error}); run the same recipe again on this store"
        ) from None
    found = {
        (part["kind"], part["name"], part["version"], part["from"])
        for manifest in manifests
        for part in _flat(manifest["parts"])
        if part["kind"] in COMPONENTS
    }
    return [dict(zip(("kind", "name", "version", "from"), row, strict=True)) for row in sorted(found)]


def _flat(parts: Iterable[Mapping[str, Any]], outer: str = "") -> Iterable[dict[str, Any]]:
    for part in parts:
        origin = part.get("from") or outer
        yield {**part, "from": origin}
        yield from _flat(part.get("nested") or (), origin)
