"""Local files as a recipe names them: one file, or a folder of files of one kind."""

from __future__ import annotations

from pathlib import Path

from harness import DataError


def files_of(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the file itself, or the folder's files with one of the suffixes, sorted by name.

    Raises:
        DataError: there is no such file or folder, or the folder has no such file.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"{display(path)}: no such file; check the path")
    files = sorted(file for file in path.iterdir() if file.suffix in suffixes and file.is_file())
    if not files:
        raise DataError(f"{display(path)}: the folder has no {' or '.join(suffixes)} file; name a file")
    return files


def display(path: Path) -> str:
    """Return a path as messages show it: relative where it lies under the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
