"""A path as a recipe writes it: relative to the recipe's folder and inside it, or absolute."""

from __future__ import annotations

import os
from pathlib import Path

from harness.recipe.faults import shown


def resolve(text: str, folder: Path) -> Path:
    """Return the absolute path of a file or folder that is there and not empty.

    Args:
        text: as written.
        folder: the recipe's.

    Raises:
        ValueError: it leaves the recipe's folder, or there is nothing; the message is fit for a fault.
    """
    named = shown(text)
    relative = Path(os.path.normpath(text))
    if relative.parts[:1] == ("..",):
        raise ValueError(f"{named} leaves the recipe's folder; give an absolute path if it is meant")
    path = folder / relative
    try:
        is_there = path.exists()
        is_empty = is_there and not (any(path.iterdir()) if path.is_dir() else path.stat().st_size)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ValueError(f"{named} cannot be read ({reason.lower()}); check the path") from None
    if not is_there:
        raise ValueError(f"{named} is not there; relative paths start at the recipe's folder, {shown(str(folder))}")
    if is_empty:
        raise ValueError(f"{named} is empty; put something in it, or name another")
    return path
