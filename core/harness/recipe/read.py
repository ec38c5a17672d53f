"""From a file, a shipped recipe's name or a mapping to raw JSON that is fit to be checked.

JSON as Python reads it lets through repeated keys, NaN, numbers beyond all range and half characters; none of them means
anything in a recipe, so they are refused here, with their line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import RecipeError, suggest
from harness.escape import printable
from harness.recipe.faults import Faults, shown
from harness.recipe.locate import Where
from harness.shipped import shipped, shipped_names

MAX_BYTES = 20_000_000
MAX_DEPTH = 32
"""Levels of brackets; a mixture of mixtures takes about a dozen."""
_MAX_DIGITS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A recipe as it was written."""

    raw: Any
    path: Path | None
    """None for a mapping."""
    folder: Path
    """Where its relative paths start."""
    faults: Faults


@dataclass(frozen=True, slots=True)
class _Unfit:
    """Stands in parsed JSON where something stood that no recipe may hold."""

    message: str


def read(source: Path | str | Mapping[str, Any]) -> Document:
    """Read and parse a recipe.

    Args:
        source: a file's path, the name of a shipped recipe ("quickstart"), or the recipe itself.

    Raises:
        RecipeError: there is no such file, or it holds no fit JSON.
    """
    if isinstance(source, Mapping):
        return _document(_dumped(source), Faults("recipe", None), None)
    path = _find(source)
    text, faults = _text(path, _as_given(path, source))
    return _document(text, faults, path)


def _document(text: str, faults: Faults, path: Path | None) -> Document:
    raw = _parse(text, faults)
    for where, message, is_key in _unfit(raw):
        faults.add(where, message, key=is_key)
    faults.stop()
    folder = path.resolve().parent if path else Path.cwd()
    return Document(raw=raw, path=path, folder=folder, faults=faults)


def _dumped(source: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(source))
    except (TypeError, ValueError, RecursionError) as error:
        raise RecipeError(f"recipe: cannot be written as JSON ({error}); use strings, numbers, lists and dicts") from None


def _find(source: Path | str) -> Path:
    path = Path(source)
    name = printable(str(source))
    try:
        if path.is_file():
            return path
        is_there = path.exists()
    except (OSError, ValueError) as error:
        raise RecipeError(f"{name}: cannot be read ({printable(str(error))}); check the path") from None
    names = [n.removesuffix(".json") for n in shipped_names("recipes") if n.endswith(".json")]
    if str(source).removesuffix(".json") in names:
        return shipped("recipes", str(source))
    if is_there:
        raise RecipeError(f"{name}: is a folder and not a recipe; name a .json file in it")
    raise RecipeError(f"{name}: no such file, and no recipe of that name is shipped; {suggest(str(source), names)}")


def _as_given(path: Path, source: Path | str) -> str:
    if str(path) == str(source):
        return str(source)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _text(path: Path, name: str) -> tuple[str, Faults]:
    """Read the file; return its text and where faults in it go."""
    faults = Faults(name, None)
    data = b""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            faults.add_at_line(1, "recipe", f"{size} bytes are too many; a recipe has at most {MAX_BYTES}")
        else:
            data = path.read_bytes()
    except OSError as error:
        raise RecipeError(f"{printable(name)}: cannot be read ({error.strerror}); check its permissions") from None
    faults.stop()
    if not data.strip():
        faults.add_at_line(1, "recipe", "the file is empty; start from a shipped one, e.g. quickstart")
    if data.startswith(b"\xef\xbb\xbf"):
        faults.add_at_line(1, "recipe", "starts with a byte order mark; save it as UTF-8 without one")
    faults.stop()
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.add_at_line(line, "recipe", f"byte {data[error.start]:#04x} is not UTF-8; save the file as UTF-8")
    faults.stop()
    return text, Faults(name, text)


def _parse(text: str, faults: Faults) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=lambda literal: _Unfit(f"{literal} is not a number; write a finite one"),
            parse_int=_integer,
        )
    except json.JSONDecodeError as error:
        what = (error.msg[:1].lower() + error.msg[1:]).removesuffix(" at")
        near = shown(text[error.pos : error.pos + 12]) if error.pos < len(text) else "the end of the file"
        faults.add_at_line(
            error.lineno,
            f"column {error.colno}",
            f"not JSON: {what}; look at {near}",
        )
    except RecursionError:
        faults.add_at_line(1, "recipe", f"nested too deeply; a recipe has at most {MAX_DEPTH} levels of brackets")
    faults.stop()
    raise AssertionError("unreachable: a fault was noted")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        result[key] = _Unfit("this key stands twice; remove one") if key in result else value
    return result


def _integer(literal: str) -> int | _Unfit:
    if len(literal) > _MAX_DIGITS:
        return _Unfit(f"a number of {len(literal)} digits is too long; write a smaller one")
    return int(literal)


def _unfit(raw: Any) -> Iterator[tuple[Where, str, bool]]:
    """Yield (where, message, whether the key is meant) for everything no recipe may hold, without recursion."""
    open_containers: list[Iterator[tuple[Where, Any]]] = [iter([((), raw)])]
    while open_containers:
        where, value = next(open_containers[-1], (None, None))
        if where is None:
            open_containers.pop()
        elif isinstance(value, _Unfit):
            yield where, value.message, True
        elif isinstance(value, float) and value in (float("inf"), float("-inf")):
            yield where, "the number is beyond all range; write a smaller one", False
        elif isinstance(value, str) and not _is_text(value):
            yield where, f"{shown(value)} holds half a character (a lone surrogate); remove it", False
        elif isinstance(value, (dict, list)) and len(where) >= MAX_DEPTH:
            yield where[:3], f"nested too deeply; a recipe has at most {MAX_DEPTH} levels of brackets", False
            return
        elif isinstance(value, (dict, list)):
            bad = (k for k in value if isinstance(value, dict) and not _is_text(k))
            yield from ((where, f"key {shown(k)} holds half a character (a lone surrogate); remove it", False) for k in bad)
            open_containers.append(_children(where, value))


def _children(where: Where, value: dict[str, Any] | list[Any]) -> Iterator[tuple[Where, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return (((*where, step), child) for step, child in items)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
