"""Which files of a registry are entries; what else lies below results/ is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.registry.files import check_name, check_plain, files_below, read_strictly
from harness.registry.form import form_faults
from harness.registry.records import Entry, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNTS = ".counts.parquet"


def entries_of(registry: Path, faults: list[Fault]) -> Iterator[Entry]:
    """Yield what has the form of an entry; add a fault for everything else below results/."""
    folder = registry / "results"
    plain = []
    for path in files_below(folder) if folder.is_dir() else ():
        if fault := check_plain(path, registry) or _misplaced(path.relative_to(folder)):
            faults.append(Fault(place=place_of_path(registry, path), problem=fault))
        else:
            plain.append(path)
    for path in plain:
        place = place_of_path(registry, path)
        if path.name.endswith(COUNTS):
            if path.with_name(path.name.removesuffix(COUNTS) + ".json") not in plain:
                faults.append(Fault(place=place, problem="is beside no result; remove it"))
            continue
        try:
            result = read_strictly(path)
        except DataError as error:
            faults.append(Fault(place=place, problem=str(error)))
            continue
        name = f"{path.parent.name}/{path.name.removesuffix('.json')}"
        told = list(form_faults(result, name))
        faults += [Fault(place=place, problem=problem) for problem in told]
        if not told:
            yield Entry(path=path, name=name, result=result)


def place_of_path(registry: Path, path: Path) -> str:
    """Return a file's path below the registry."""
    return path.absolute().relative_to(registry).as_posix()


def _misplaced(path: Path) -> str | None:
    """Say why a file below results/ should not be there, or return None."""
    if len(path.parts) != 2:
        return "is not in a study's folder; entries are results/<study>/<run>.json"
    stem = path.name.removesuffix(COUNTS) if path.name.endswith(COUNTS) else path.name.removesuffix(".json")
    if stem == path.name:
        return f"is no entry; results/ holds <run>.json and <run>{COUNTS} only"
    return next((fault for part in (path.parts[0], stem) if (fault := check_name(part))), None)
