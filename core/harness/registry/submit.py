"""Write a submission, or note a reproduction of one; what `verify` would refuse is not written."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import __version__, digest
from harness.errors import DataError, MissingError, UserError
from harness.plugins import Plugins
from harness.recipe.load import recipe_digest
from harness.registry.again import differences
from harness.registry.examine import examine
from harness.registry.files import check_name, read_strictly
from harness.registry.form import form_faults, study_folder_name
from harness.registry.gather import COUNTS, entries_of
from harness.registry.plausible import counts_digest, read_bounded
from harness.registry.recipes import KINDS, names_used
from harness.registry.records import Entry, Fault
from harness.registry.run import COMPONENTS
from harness.registry.verify import earlier_methods
from harness.store import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.registry.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What `submit` or `reproduce` wrote."""

    name: str
    """`<study>/<run>`."""
    tier: str
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def submit(run: Run, registry: Path, *, name: str | None = None, by: str = "anonymous", recomputed: bool = False) -> Written:
    """Write results/<study>/<name>.json and its counts.

    Args:
        run: a study that has ended.
        registry: the folder to write into; results/ is made where it is not.
        name: of the run; None: today's date.
        by: the submitter, as they want to be named.
        recomputed: for maintainers: the tier `recomputed`, noted as a check by them.

    Raises:
        UserError: the registry would refuse it; a line for each reason.
    """
    today = datetime.now(UTC).date().isoformat()
    submission: dict[str, Any] = {
        "schema_version": 1,
        "tier": "self-reported",
        "submitted": today,
        "submitter": by,
        "counts_sha256": digest.of_path(run.counts),
        "recipe": dict(run.recipe),
        "components": [*run.components, *_idle(run)],
        "checks": [],
        "withdrawn": None,
    }
    if recomputed:
        check = {"by": by, "on": today, "harness": __version__, "numbers_digest": run.result["numbers_digest"]}
        submission |= {"tier": "recomputed", "checks": [{"tier": "recomputed", **check}]}
    folder, name = study_folder_name(run.result["study"]), name or today
    for part in (folder, name):
        if fault := check_name(part):
            raise UserError(f"{fault}; choose another with --name")
    label = f"{folder}/{name}"
    result = {**run.result, "submission": submission}
    place = registry / "results" / f"{label}.json"
    if place.exists():
        raise UserError(f"{place}: stands already and entries are never edited; choose another name with --name")
    notes = _refuse_what_verify_would(result, run.counts, label, registry)
    place.parent.mkdir(parents=True, exist_ok=True)
    counts = place.with_suffix(COUNTS)
    shutil.copyfile(run.counts, counts)
    write_json(place, result)
    return Written(name=label, tier=submission["tier"], files=(place, counts), notes=tuple(notes))


def reproduce(run: Run, registry: Path, name: str, *, by: str = "anonymous") -> Written:
    """Note in an entry that a second run gave the same counts and readings.

    Args:
        run: the second run, from the start, on a store of its own.
        registry: where the entry stands.
        name: `<study>/<run>`.
        by: who ran it again.

    Raises:
        UserError: it is no reproduction: another recipe, other counts, other readings, or the first run itself.
    """
    path = registry / "results" / f"{name}.json"
    if any(check_name(part) for part in name.split("/")) or name.count("/") != 1 or not path.is_file():
        raise MissingError(f"entry {name!r}: not in {registry}; name <study>/<run>")
    entry = Entry(path=path, name=name, result=read_strictly(path))
    if faults := list(form_faults(entry.result, name)):
        raise DataError(f"{name}: {faults[0]}")
    told = list(_not_the_same(entry, run))
    if told:
        raise UserError("\n".join(f"{name}: not reproduced: {problem}" for problem in told[:8]))
    check = {
        "tier": "reproduced",
        "by": by,
        "on": datetime.now(UTC).date().isoformat(),
        "harness": str(run.result["environment"].get("harness", __version__)),
        "counts_digest": counts_digest(read_bounded(run.counts)),
        "seconds": run.result["cost"]["seconds"],
        "tokens": run.result["cost"]["tokens"],
        "environment": dict(run.result["environment"]),
    }
    submission = {**entry.submission, "tier": "reproduced", "checks": [*entry.submission["checks"], check]}
    result = {**entry.result, "submission": submission}
    if faults := list(form_faults(result, name)):
        raise UserError(f"{name}: {faults[0]}")
    write_json(path, result)
    return Written(name=name, tier="reproduced", files=(path,))


def _idle(run: Run) -> Iterator[dict[str, str]]:
    """Give the versions of what the recipe names and no step ran, such as the base of a ranking that needs none."""
    plugins = Plugins.discover()
    idle = names_used(run.recipe) - {one["name"] for one in run.components}
    for kind in (KINDS[name] for name in sorted(COMPONENTS)):
        for name in sorted(idle & plugins.offers(kind).keys()):
            origin = plugins.owner_of(kind.kind, name)
            yield {"kind": kind.kind, "name": name, "version": plugins.offers(kind)[name].version, "from": origin}


def _not_the_same(entry: Entry, run: Run) -> list[str]:
    if recipe_digest(entry.submission["recipe"]) != recipe_digest(run.recipe):
        return ["the recipe is another"]
    if run.result["cost"].get("seconds") == entry.result["cost"].get("seconds"):
        return ["it took as long as the first run, to the millisecond; this is the first run"]
    if counts_digest(read_bounded(run.counts)) != counts_digest(read_bounded(entry.counts)):
        return ["counts differ; see harness compare"]
    return list(differences(_readings(run.result), _readings(entry.result), "candidates", earlier_methods=False))


def _readings(result: Mapping[str, Any]) -> dict[str, Any]:
    return {
        one["name"]: {label: reading["value"] for label, reading in one["proxies"].items()} for one in result["candidates"]
    }


def _refuse_what_verify_would(result: Mapping[str, Any], counts: Path, label: str, registry: Path) -> list[str]:
    """Look at the entry as `verify` will, before it stands; return the notes."""
    told = list(form_faults(result, label))
    notes: list[str] = []
    if not told:
        with tempfile.TemporaryDirectory(prefix="harness-submit-") as folder:
            path = Path(folder) / "entry.json"
            write_json(path, result)
            shutil.copyfile(counts, path.with_suffix(COUNTS))
            entry = Entry(path=path, name=label, result=read_strictly(path))
            faults: list[Fault] = []
            is_earlier = (label, result["numbers_digest"]) in earlier_methods(registry, faults)
            examine(entry, Plugins.discover(), earlier_methods=is_earlier, tell=told.append, note=notes.append)
            same = [
                other.name
                for other in entries_of(registry, faults)
                if other.result["numbers_digest"] == result["numbers_digest"]
                or other.submission["counts_sha256"] == entry.submission["counts_sha256"]
            ]
            told += [f"is {other} again; note a second run with --reproduces {other}" for other in same]
    if told:
        raise UserError("\n".join(f"{label}: {problem}" for problem in told))
    return notes
