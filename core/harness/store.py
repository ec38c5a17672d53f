"""The store: content-addressed artifacts, locks and resumable work folders.

artifacts/<kind>/<key>/   manifest.json and files; appears by one rename, so it is whole or not there
work/<key>/               a step in progress: out/ (the artifact to be), scratch/, progress.json, log.txt
locks/<key>.lock          held by whoever works on the step, in whichever process; the system frees it on death
studies/<name>-<digest8>/ plan.json, result.json, counts.parquet, events.jsonl
memory/<component>/       what a component remembers across steps to spare work; may go at any time
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.durable import sync_folder
from harness.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from filelock import FileLock

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Ref:
    """A step's place in the store."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read "kind/key"."""
        kind, _, key = text.partition("/")
        return cls(kind, key)


class Store:
    """A folder of artifacts; opening it writes nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._artifacts = str(self.root / "artifacts")

    def prepare(self) -> None:
        """Create the store's folders and check its schema.

        Raises:
            StoreError: the folder cannot be written, or another version of the harness made it.
        """
        try:
            for name in ("artifacts", "work", "locks", "studies"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            marker = self.root / "store.json"
            if not marker.exists():
                write_json(marker, {"schema_version": SCHEMA_VERSION})
        except OSError as error:
            raise StoreError(f"store {str(self.root)!r}: {error.strerror}; choose another with --store") from error
        version = read_json(marker).get("schema_version")
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"store {str(self.root)!r}: made with store schema {version!r}, this harness reads {SCHEMA_VERSION}; "
                "choose another with --store, or upgrade posttrain-harness"
            )

    def artifact(self, ref: Ref) -> Path:
        """Return where a step's artifact stands or will stand."""
        return self.root / "artifacts" / ref.kind / ref.key

    def has(self, ref: Ref) -> bool:
        """Whether the artifact stands; one that only points at a checkpoint elsewhere stands while that does."""
        if not os.path.isfile(f"{self._artifacts}/{ref.kind}/{ref.key}/manifest.json"):  # noqa: PTH113 - plans ask 10,000 times
            return False
        place = self.artifact(ref)
        if ref.kind != "model":
            return True
        path = read_json(place / "checkpoint.json")["path"]
        return path is None or Path(path).is_dir()

    def manifest(self, ref: Ref) -> dict[str, Any]:
        """Read an artifact's manifest."""
        return read_json(self.artifact(ref) / "manifest.json")

    def work(self, key: str) -> Path:
        """Return a step's work folder."""
        return self.root / "work" / key

    def lock(self, key: str) -> FileLock:
        """Return the step's lock, not yet held."""
        from filelock import FileLock

        return FileLock(self.root / "locks" / f"{key}.lock")

    def memory(self, kind: str, name: str, version: str) -> Path:
        """Return the folder where a component may remember things across steps; it may not be there yet."""
        return self.root / "memory" / slug(f"{kind}-{name}-{version}")

    def study(self, name: str, digest: str) -> Path:
        """Return a study's folder."""
        return self.root / "studies" / f"{slug(name)}-{digest[:8]}"

    def publish(self, ref: Ref, out: Path, manifest: Mapping[str, Any]) -> None:
        """Make `out` the artifact of `ref` by one rename; whoever comes second with the same artifact yields."""
        write_json(out / "manifest.json", manifest)
        sync_folder(out)
        place = self.artifact(ref)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists() and not self.has(ref):
            shutil.rmtree(place)
        try:
            out.rename(place)
        except OSError:
            if not self.has(ref):
                raise
            shutil.rmtree(out)
        sync_folder(place.parent)


def slug(name: str) -> str:
    """Return a name fit for a folder: letters, digits, dot, dash and underscore."""
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in name)[:80]


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that we wrote."""
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that the file is whole or not there."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
