"""The results of a registry, each with what stands beside it: counts, recipe, tier, versions of components."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.digest import of_json
from harness.errors import DataError
from harness.recipe.notes import without_notes
from harness.registry.files import check_name, check_plain, files_below, read_strictly
from harness.result.check import fault_of
from harness.result.compose import SCHEMA_VERSION
from harness.shipped import shipped, shipped_names

if TYPE_CHECKING:
    from pathlib import Path

RESULTS = "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What made numbers, and in which version."""

    kind: str
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One result of a registry."""

    id: str
    """`study/run`, the path below results/ without its ending."""
    path: Path
    result: Mapping[str, Any]
    tier: str = ""
    """`self-reported`, `recomputed` or `reproduced`; empty where the file does not say."""
    counts: Path | None = None
    """Per-problem counts beside it."""
    recipe: Mapping[str, Any] | None = None
    """The recipe whose digest the result names; None where it is not at hand."""
    components: tuple[Component, ...] | None = None
    """None where the file does not tell."""

    @property
    def has_outcomes(self) -> bool:
        """Whether its candidates went through RL."""
        return self.result["candidates"][0]["outcome"] is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something of the registry that is not on a board."""

    what: str
    why: str

    def to_json(self) -> dict[str, str]:
        """Return a JSON-safe mapping."""
        return {"what": self.what, "why": self.why}


def read_entries(registry: Path) -> tuple[list[Entry], list[LeftOut]]:
    """Read all results below `registry`/results; what cannot be read or is withdrawn is left out, and said.

    Whether the numbers follow from the counts is `harness registry verify`'s to say; only the outcomes are worked out
    again, by the board of strategies.
    """
    found, lost = [], []
    for path in files_below(registry / RESULTS):
        if path.suffix != ".json":
            continue
        try:
            found.append(_entry(path, registry))
        except (DataError, OSError) as error:
            lost.append(LeftOut(what=path.relative_to(registry).as_posix(), why=str(error)))
    return found, lost


def _entry(path: Path, registry: Path) -> Entry:
    below = path.relative_to(registry / RESULTS)
    fault = check_plain(path, registry) or next(
        (f for part in (path.parent.name, path.stem) if (f := check_name(part))), None
    )
    if fault or len(below.parts) != 2:
        raise DataError(fault or "is not results/<study>/<run>.json")
    result = read_strictly(path)
    if result.get("schema_version") != SCHEMA_VERSION:
        raise DataError(f"is no result of schema version {SCHEMA_VERSION}")
    if fault := fault_of(result):
        raise DataError(f"does not fit registry/schema/result.schema.json: {fault.splitlines()[0][:200]}")
    names = [one["name"] for one in result["candidates"]]
    if len(set(names)) < len(names):
        raise DataError("two candidates have one name")
    about = result.pop("submission", {})
    if about.get("withdrawn"):
        raise DataError(f"withdrawn: {about['withdrawn']}")
    counts = path.with_suffix(".counts.parquet")
    return Entry(
        id=f"{path.parent.name}/{path.stem}",
        path=path,
        result=result,
        tier=str(about.get("tier") or ""),
        counts=counts if check_plain(counts, registry) is None else None,
        recipe=_recipe(about.get("recipe"), result["recipe_digest"]),
        components=_components(about.get("components")),
    )


def _recipe(submitted: object, digest: str) -> Mapping[str, Any] | None:
    """Return the recipe of that digest: the one submitted, or one of those shipped."""
    if isinstance(submitted, dict):
        return submitted if _has_digest(submitted, digest) else None
    for name in shipped_names("recipes"):
        if name.endswith(".json"):
            raw = json.loads(shipped("recipes", name).read_text(encoding="utf-8"))
            if isinstance(raw, dict) and _has_digest(raw, digest):
                return raw
    return None


def _has_digest(raw: Mapping[str, Any], digest: str) -> bool:
    """Whether a recipe has that digest: of what can move a number, or, as the first versions took it, of the whole."""
    try:
        known = {of_json(raw), of_json({k: v for k, v in without_notes(raw).items() if k != "execution"})}
    except (AttributeError, TypeError, ValueError, RecursionError):
        return False
    return digest in known


def _components(listed: object) -> tuple[Component, ...] | None:
    if not isinstance(listed, list):
        return None
    rows = [row for row in listed if isinstance(row, Mapping) and {"kind", "name", "version"} <= set(row)]
    return tuple(Component(**{part: str(row[part]) for part in ("kind", "name", "version")}) for row in rows)
