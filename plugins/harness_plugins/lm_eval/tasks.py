"""Find and load one lm-eval task without building the index of all 14,000, which takes seconds each time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness import DataError, MissingError

FEWSHOT_SEED = 1234
"""lm-eval's own default (`--seed`), so that few-shot examples are those of its command line."""


@cache
def load_task(name: str, folder: str | None, num_fewshot: int | None) -> Any:
    """Return an lm-eval Task with its data loaded.

    Args:
        name: of the task.
        folder: with the task's YAML file; None: one of lm-eval's own.
        num_fewshot: examples before each problem; None: the task's own number.

    Raises:
        MissingError: there is no such task.
        DataError: it cannot be loaded; its data may be missing.
    """
    from lm_eval.tasks import TaskManager

    place = Path(folder) if folder else find_folder(name)
    manager = TaskManager(include_path=str(place), include_defaults=False)
    known = manager.all_subtasks
    if name not in known:
        what = "is a group" if name in manager.all_groups else "is not"
        raise MissingError(f"lm-eval task {name!r} {what} in {place.name!r}; name one of: {', '.join(known) or 'none'}")
    try:
        task = manager.load(name)["tasks"][name]
    except Exception as error:
        # Whatever the task's own code, its templates and the datasets library raise.
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise DataError(f"lm-eval task {name!r}: cannot be loaded ({said}); check its data and settings") from error
    if num_fewshot is not None:
        task.set_config(key="num_fewshot", value=num_fewshot)
    task.set_fewshot_seed(seed=FEWSHOT_SEED)
    return task


def find_folder(name: str) -> Path:
    """Return the folder of one of lm-eval's own tasks.

    Raises:
        MissingError: no YAML file of lm-eval names such a task.
    """
    import lm_eval

    root = Path(lm_eval.__file__).parent / "tasks"
    wanted = re.compile(rb"(?m)^task:[ \t]*[\"']?" + re.escape(name.encode()) + rb"[\"']?[ \t]*(?:#.*)?$")
    for file in _files(root, name):
        if wanted.search(file.read_bytes()):
            return file.parent
    raise MissingError(
        f"lm-eval has no task {name!r}; run: lm-eval ls subtasks; name one of those, or a folder of your own with 'path'"
    )


def _files(root: Path, name: str) -> Iterator[Path]:
    """Yield the YAML files of folders whose name begins the task's, the longest first, then all others."""
    near = [folder for folder in root.iterdir() if folder.is_dir() and name.startswith(folder.name)]
    for folder in sorted(near, key=lambda folder: -len(folder.name)):
        yield from sorted(folder.rglob("*.y*ml"))
    yield from sorted(root.rglob("*.y*ml"))


def digest_of(folder: str | None) -> str:
    """Return the SHA-256 of a task folder's YAML and Python files, empty for lm-eval's own."""
    if folder is None:
        return ""
    digest = sha256()
    for file in sorted(p for p in Path(folder).rglob("*") if p.suffix in (".yaml", ".yml", ".py") and p.is_file()):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        digest.update(sha256(file.read_bytes()).digest())
    return digest.hexdigest()
