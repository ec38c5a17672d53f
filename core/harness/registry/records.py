"""What is said of a registry: its entries, what is refused and why, and what could not be looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TIERS = ("self-reported", "recomputed", "reproduced")
"""From the submitter's word to a second run; registry/README.md says what each means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A submission: a result with the key `submission`, and its counts beside it."""

    path: Path
    name: str
    """`<study>/<run>`."""
    result: Mapping[str, Any]

    @property
    def submission(self) -> Mapping[str, Any]:
        """What is said of the result: tier, recipe, components."""
        found: Mapping[str, Any] = self.result["submission"]
        return found

    @property
    def counts(self) -> Path:
        """The counts beside it."""
        return self.path.with_suffix(".counts.parquet")

    @property
    def folder(self) -> str:
        """The study's folder."""
        return PurePosixPath(self.name).parts[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is refused."""

    place: str
    """A path below the registry."""
    problem: str
    """What is wrong; what to do."""

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


@dataclass(slots=True, kw_only=True)
class Verification:
    """What came of a look at a registry."""

    entries: list[Entry] = field(default_factory=list)
    """Those whose form is right."""
    studies: list[str] = field(default_factory=list)
    plugins: int = 0
    """Third-party plug-ins listed."""
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What could not be looked at, and what is worth knowing."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        entries = [
            {
                "name": entry.name,
                "tier": entry.submission["tier"],
                "withdrawn": entry.submission["withdrawn"],
                "numbers_digest": entry.result["numbers_digest"],
                "refused": [fault.problem for fault in self.faults if fault.place == place_of(entry)],
            }
            for entry in self.entries
        ]
        return {
            "schema_version": 1,
            "ok": not self.faults,
            "entries": entries,
            "studies": self.studies,
            "plugins": self.plugins,
            "faults": [{"place": fault.place, "problem": fault.problem} for fault in self.faults],
            "notes": self.notes,
        }


def place_of(entry: Entry) -> str:
    """Return an entry's path below the registry."""
    return f"results/{entry.name}.json"
