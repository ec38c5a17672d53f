"""Read studies of the registry; registry/schema/study.schema.json is their form, and a test holds every file to it."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, MissingError, suggest
from harness.shipped import shipped, shipped_names
from harness.studies.records import Column, Reported, Row, Source, Study

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "studies"


def study_names() -> list[str]:
    """Name the registry's studies, in alphabetical order."""
    paths = [PurePosixPath(name) for name in shipped_names("registry")]
    return [path.name.removesuffix(".json") for path in paths if path.parent.name == FOLDER and path.suffix == ".json"]


def studies() -> list[Study]:
    """Read all studies of the registry, in alphabetical order of their names."""
    return [read_study(name) for name in study_names()]


def read_study(name: str) -> Study:
    """Read a study by name.

    Raises:
        MissingError: the registry has none of that name; the message suggests one.
        DataError: its file is damaged.
    """
    known = study_names()
    if name not in known:
        raise MissingError(f"study {name!r}: not in the registry; {suggest(name, known)}")
    return read_study_file(shipped("registry", f"{FOLDER}/{name}.json"))


def read_study_file(path: Path) -> Study:
    """Read a study from its file.

    Raises:
        DataError: it cannot be read, or is damaged.
    """
    try:
        return _study(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{path}: damaged ({type(error).__name__}: {error}); see harness registry verify") from None


def _study(raw: dict[str, Any]) -> Study:
    plain = {key: value for key, value in raw.items() if key not in ("$schema", "schema_version")}
    parts: dict[str, Any] = {
        "source": Source(**plain["source"]),
        "caveats": tuple(plain["caveats"]),
        "columns": {name: Column(name=name, **column) for name, column in plain.get("columns", {}).items()},
        "rows": tuple(Row(**row) for row in plain.get("rows", ())),
        "tally": tuple((pair["proxy"], pair["outcome"]) for pair in plain.get("tally", ())),
        "reported": tuple(Reported(**one) for one in plain.get("reported", ())),
    }
    return Study(**{**plain, **parts})
