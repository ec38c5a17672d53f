"""The recipes and the registry that come with the harness: inside the wheel, or beside `core/` in a checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal

from harness.errors import MissingError, suggest

Kind = Literal["recipes", "registry"]


def shipped(kind: Kind, name: str = "") -> Path:
    """Return the path of a shipped file or folder.

    Args:
        kind: which of the two trees.
        name: path below it with forward slashes; a recipe may go without its `.json`. Empty for the tree itself.

    Raises:
        MissingError: nothing of that name is shipped; the message suggests one.
    """
    root = _root(kind)
    known = shipped_names(kind)
    for wanted in (name, f"{name}.json"):
        if wanted in known:
            return root / wanted
    if not name or any(k.startswith(f"{name}/") for k in known):
        return root / name
    short = [k.removesuffix(".json") if kind == "recipes" else k for k in known]
    raise MissingError(f"{kind} {name!r}: not among those shipped; {suggest(name, short)}")


def shipped_names(kind: Kind) -> list[str]:
    """List the shipped files of a kind, as paths below its tree, in alphabetical order."""
    root = _root(kind)
    return sorted(f.relative_to(root).as_posix() for f in root.rglob("*") if f.is_file())


def _root(kind: Kind) -> Path:
    package = Path(str(files("harness")))
    in_wheel = package / "shipped" / kind
    return in_wheel if in_wheel.is_dir() else package.parents[1] / kind
