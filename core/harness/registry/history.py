"""Append-only: what git remembers of the entries, against what stands now.

Every version of every entry in the history of HEAD is compared with the next one, and the last with the file on disk: tiers
may rise with a check that says why, an entry may be withdrawn, and nothing else may change or go. The counts are bound by
their digest in the entry.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from harness.errors import DataError
from harness.registry.files import parse_strictly
from harness.registry.records import TIERS, Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NO_BLOB = frozenset("0")
_RISING = ("tier", "checks", "withdrawn")
_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step in the life of a file."""

    path: str
    """Below the registry."""
    old: str
    """Blob id; zeros before the file."""
    new: str
    commit: str
    """Its id; empty for what is not committed yet."""


def history_faults(registry: Path) -> tuple[list[Fault], list[str]]:
    """Look for entries that were edited or deleted.

    Args:
        registry: the folder; it may be no part of a repository, which the notes then say.

    Returns:
        Faults and notes.
    """
    try:
        shallow = _git(registry, "rev-parse", "--is-shallow-repository").strip() == "true"
        changes = [*_committed(registry), *_on_disk(registry)]
        texts = _blobs(registry, {blob for change in changes for blob in (change.old, change.new)})
    except _GitError as error:
        return [], [f"append-only: not looked at, since git says: {error}"]
    notes = ["append-only: looked at no further back than this shallow clone goes"] if shallow else []
    faults = []
    for change in changes:
        for problem in change_faults(texts.get(change.old), texts.get(change.new)):
            when = f" (in commit {change.commit[:12]})" if change.commit else ""
            faults.append(Fault(place=change.path, problem=f"{problem}{when}"))
    return list(dict.fromkeys(faults)), notes


def change_faults(old: bytes | None, new: bytes | None) -> Iterator[str]:
    """Say what is wrong with one change of a file; the first version of an entry, and what is no entry yet, may be anything.

    Args:
        old: content before; None where there was none.
        new: content after; None where it was deleted.
    """
    before = _entry(old)
    if before is None:
        return
    after = _entry(new)
    if after is None:
        yield "an entry was deleted; put it back, and set 'withdrawn' in its submission if it must not count"
        return
    was, now = before["submission"], after["submission"]
    odd = [name for name in sorted({*before, *after} - {"submission"}) if before.get(name) != after.get(name)]
    odd += [f"submission.{name}" for name in sorted({*was, *now} - {*_RISING}) if was.get(name) != now.get(name)]
    if odd:
        yield f"{odd[0]} of a standing entry was changed; entries are never edited: submit another run"
    if _rank(now.get("tier")) < _rank(was.get("tier")):
        yield f"tier fell from {was.get('tier')!r} to {now.get('tier')!r}; tiers only rise, so set 'withdrawn' instead"
    checks = was.get("checks") or []
    if (now.get("checks") or [])[: len(checks)] != checks:
        yield "an earlier check was changed or taken out; checks are only added"
    if was.get("withdrawn") and now.get("withdrawn") != was["withdrawn"]:
        yield "a withdrawn entry was put back, or given another reason; submit another run"


class _GitError(Exception):
    """What git says went wrong."""


def _committed(registry: Path) -> Iterator[Change]:
    """Read the history of HEAD; each merge is shown against each of its parents."""
    try:
        _git(registry, "rev-parse", "--verify", "-q", "HEAD")
    except _GitError:
        return
    shown = ("log", "-m", "--reverse", "--topo-order", "--no-renames", "--raw", "--no-abbrev", "-z", "--format=commit %H")
    yield from _changes(_git(registry, *shown, "--relative", "--", "results"))


def _on_disk(registry: Path) -> Iterator[Change]:
    """Compare HEAD with the files as they lie on disk, staged or not."""
    try:
        told = _git(registry, "ls-tree", "-r", "-z", "HEAD", "--", "results")
    except _GitError:
        return
    rows = [row.partition("\t") for row in told.split("\0") if row]
    known = {path: head.split()[2] for head, _, path in rows}
    for path, blob in known.items():
        file = registry / path
        if not file.is_file() or file.is_symlink():
            yield Change(path=path, old=blob, new="0", commit="")
            continue
        now = _git(registry, "hash-object", "--no-filters", "--", str(file)).strip() if path.endswith(".json") else blob
        if now != blob:
            yield Change(path=path, old=blob, new=f"disk:{file}", commit="")


def _changes(told: str) -> Iterator[Change]:
    commit = ""
    parts = iter(told.split("\0"))
    for part in parts:
        text = part.strip("\n")
        if text.startswith("commit "):
            commit, _, text = text.removeprefix("commit ").partition("\n")
            text = text.strip("\n")
        if text.startswith(":"):
            _, _, old, new, _ = text.split()
            path = next(parts, "")
            if PurePosixPath(path).suffix == ".json":
                yield Change(path=path, old=old, new=new, commit=commit)


def _blobs(registry: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """Read the contents of blobs, and of files on disk."""
    found: dict[str, bytes] = {}
    ids = []
    for blob in sorted(wanted):
        if blob.startswith("disk:"):
            found[blob] = Path(blob.removeprefix("disk:")).read_bytes()
        elif not set(blob) <= _NO_BLOB:
            ids.append(blob)
    if not ids:
        return found
    told = _run(registry, ("cat-file", "--batch"), "\n".join(ids).encode() + b"\n")
    at = 0
    for blob in ids:
        end = told.index(b"\n", at)
        header = told[at:end].split()
        size = int(header[2]) if len(header) == 3 else 0
        if size:
            found[blob] = told[end + 1 : end + 1 + size]
        at = end + 1 + (size + 1 if len(header) == 3 else 0)
    return found


def _entry(content: bytes | None) -> Mapping[str, Any] | None:
    if content is None:
        return None
    try:
        value = parse_strictly(content)
    except DataError:
        return None
    return value if isinstance(value.get("submission"), dict) else None


def _rank(tier: Any) -> int:
    return TIERS.index(tier) if tier in TIERS else -1


def _git(folder: Path, *arguments: str) -> str:
    return _run(folder, arguments, b"").decode("utf-8", "surrogateescape")


def _run(folder: Path, arguments: Iterable[str], text: bytes) -> bytes:
    try:
        done = subprocess.run(
            ["git", "--no-pager", "-C", str(folder), *arguments],
            input=text,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _GitError(str(error)) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _GitError(said[0] if said else f"exit code {done.returncode}")
    return done.stdout
