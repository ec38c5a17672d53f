"""What of a store can go, and its removal while other processes may be at work.

A thing is removed only with its step's lock in hand, and by one rename into `trash/`, so that nobody ever sees half of it.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from harness.store import Store

Group = Literal["leftover", "unfinished", "unused", "used", "study"]
"""leftover: work folders of finished or forgotten steps, trash, and what components remember; unfinished: work folders a
study may still go on with; unused, used: artifacts no study, or some study, refers to; study: a study's own folder with its
result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removable:
    """One folder of the store, and what it is."""

    path: Path
    group: Group
    keys: frozenset[str]
    """Steps whose lock must be free; a study's are all of its plan's."""
    bytes: int


def survey(store: Store) -> list[Removable]:
    """List every folder of the store that one might remove, in a fixed order; reads only.

    Raises:
        StoreError: a study's plan cannot be read, so that nobody knows what it refers to.
    """
    plans = {folder: _keys_of(folder) for folder in _children(store.root / "studies")}
    wanted: frozenset[str] = frozenset().union(*plans.values())
    finished = {path.name for path in _artifacts(store)}
    found = [_item(path, "leftover") for name in ("trash", "memory") for path in _children(store.root / name)]
    for path in _children(store.root / "work"):
        unfinished = path.name in wanted and path.name not in finished
        found.append(_item(path, "unfinished" if unfinished else "leftover", path.name))
    for path in _artifacts(store):
        found.append(_item(path, "used" if path.name in wanted else "unused", path.name))
    found += [_item(folder, "study", *keys) for folder, keys in plans.items()]
    return found


def spare_running(store: Store, items: Iterable[Removable]) -> tuple[list[Removable], list[Removable]]:
    """Split into what may go and what must stay because somebody works on it.

    A study with a held lock is running; its folder and all it refers to stay.
    """
    items = list(items)
    keys = sorted(frozenset().union(*(i.keys for i in items)))
    held = {key for key in keys if is_held(store, key)}
    busy = set(held).union(*(_keys_of(f) for f in _children(store.root / "studies") if _keys_of(f) & held))
    free = [i for i in items if not i.keys & busy]
    return free, [i for i in items if i.keys & busy]


def remove(store: Store, item: Removable) -> bool:
    """Remove one folder; False where somebody took up its step in the meantime.

    Raises:
        StoreError: the file system refused.
    """
    from filelock import Timeout

    locks = [store.lock(key) for key in item.keys] if item.group != "study" else []
    try:
        for lock in locks:
            lock.acquire(timeout=0)
        _discard(store, item.path)
    except Timeout:
        return False
    except OSError as error:
        raise StoreError(f"{item.path}: cannot be removed: {error.strerror}; check the permissions") from error
    finally:
        for lock in locks:
            lock.release()
    return True


def is_held(store: Store, key: str) -> bool:
    """Whether some process holds the step's lock right now."""
    from filelock import Timeout

    if not (store.root / "locks" / f"{key}.lock").exists():
        return False
    try:
        with store.lock(key).acquire(timeout=0):
            return False
    except Timeout:
        return True


def size_of(path: Path) -> int:
    """Add up the bytes of the files under a path; links are not followed."""
    if path.is_symlink() or path.is_file():
        return path.lstat().st_size
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - a walk over many files
            except FileNotFoundError:
                continue  # somebody finished with it meanwhile
    return total


def _item(path: Path, group: Group, *keys: str) -> Removable:
    return Removable(path=path, group=group, keys=frozenset(keys), bytes=size_of(path))


def _discard(store: Store, path: Path) -> None:
    trash = store.root / "trash"
    if path.parent != trash:
        trash.mkdir(exist_ok=True)
        place = trash / f"{path.name}.{os.getpid()}"
        path.rename(place)
        path = place
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
    if not any(trash.iterdir()):
        trash.rmdir()


def _artifacts(store: Store) -> Iterator[Path]:
    for kind in _children(store.root / "artifacts"):
        yield from _children(kind)


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _keys_of(study: Path) -> frozenset[str]:
    plan = study / "plan.json"
    if not plan.exists():
        return frozenset()
    try:
        return frozenset(str(step["key"]) for step in json.loads(plan.read_text(encoding="utf-8"))["steps"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{plan}: cannot be read, so what it refers to is unknown; run the study again or remove its folder"
        ) from error
