"""Verify a registry: its form, every number against the counts, the recipes, the history, the studies, the plug-in list."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from harness.errors import DataError, MissingError
from harness.plugins import Plugins
from harness.registry.examine import examine
from harness.registry.files import check_plain, read_strictly
from harness.registry.form import plugin_faults, schema_fault
from harness.registry.gather import entries_of, place_of_path
from harness.registry.history import history_faults
from harness.registry.records import Entry, Fault, Verification, place_of

if TYPE_CHECKING:
    from pathlib import Path


def verify(registry: Path, only: Path | None = None) -> Verification:
    """Look at everything in a registry.

    Args:
        registry: a folder with results/, studies/ and plugins.json, each of which may be missing.
        only: one entry's file, to look at that alone; its duplicates and its history are looked at all the same.

    Raises:
        MissingError: no such folder, or nothing of a registry in it.
    """
    registry = registry.absolute()
    if not any((registry / name).exists() for name in ("results", "studies", "plugins.json")):
        raise MissingError(f"{registry}: has no results, studies or plugins.json; name a registry's folder")
    found = Verification()
    earlier = earlier_methods(registry, found.faults)
    entries = list(entries_of(registry, found.faults))
    found.entries = [entry for entry in entries if only is None or entry.path == only.absolute()]
    if only is not None and not found.entries and not found.faults:
        raise MissingError(f"{only}: is no entry of {registry}; name results/<study>/<run>.json")
    plugins = Plugins.discover()
    for entry in found.entries:
        _verify_entry(entry, plugins, found, (entry.name, entry.result["numbers_digest"]) in earlier)
    _duplicates(entries, found)
    told, notes = history_faults(registry)
    found.faults += told
    found.notes += notes
    if only is None:
        _verify_studies(registry, found)
        _verify_plugins(registry, found)
    else:
        found.faults = [fault for fault in found.faults if fault.place == place_of_path(registry, only)]
    found.faults = list(dict.fromkeys(found.faults))
    return found


def _verify_entry(entry: Entry, plugins: Plugins, found: Verification, earlier: bool) -> None:
    def tell(problem: str) -> None:
        found.faults.append(Fault(place=place_of(entry), problem=problem))

    def note(said: str) -> None:
        found.notes.append(f"{entry.name}: {said}")

    examine(entry, plugins, earlier_methods=earlier, tell=tell, note=note)


def _duplicates(entries: list[Entry], found: Verification) -> None:
    """Refuse the same numbers or counts under two names."""
    for what in ("numbers_digest", "counts_sha256"):
        by_digest: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            by_digest[{**entry.result, **entry.submission}[what]].append(entry)
        for same in by_digest.values():
            for entry in same[1:]:
                problem = f"has the {what} of {same[0].name}; a run is submitted once"
                found.faults.append(Fault(place=place_of(entry), problem=problem))


def earlier_methods(registry: Path, faults: list[Fault]) -> set[tuple[str, str]]:
    """Read which entries may keep intervals by earlier methods: a maintainers' list, by name and digest."""
    path = registry / "earlier.json"
    if not path.exists():
        return set()
    try:
        listed = read_strictly(path)["entries"]
        return {(one["name"], one["numbers_digest"]) for one in listed}
    except (DataError, KeyError, TypeError) as error:
        faults.append(Fault(place="earlier.json", problem=f"cannot be read ({error}); mend it"))
        return set()


def _verify_studies(registry: Path, found: Verification) -> None:
    folder = registry / "studies"
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        place = place_of_path(registry, path)
        if path.name == "README.md":
            continue
        problem = check_plain(path, registry) or (None if path.suffix == ".json" else "is no study; remove it")
        try:
            study = {} if problem else read_strictly(path)
        except DataError as error:
            problem = str(error)
        problem = problem or schema_fault(study, "study")
        if not problem and study["name"] != path.stem:
            problem = f"is named {study['name']!r}; name the file after it"
        if problem:
            found.faults.append(Fault(place=place, problem=problem))
        else:
            found.studies.append(path.stem)


def _verify_plugins(registry: Path, found: Verification) -> None:
    path = registry / "plugins.json"
    if not path.exists():
        return
    try:
        listed = read_strictly(path)
    except DataError as error:
        found.faults.append(Fault(place=path.name, problem=str(error)))
        return
    if fault := schema_fault(listed, "plugins"):
        found.faults.append(Fault(place=path.name, problem=fault))
        return
    found.plugins = len(listed["plugins"])
    found.faults += [Fault(place=path.name, problem=problem) for problem in plugin_faults(listed["plugins"])]
