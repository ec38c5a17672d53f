"""Files of a registry, which strangers send: bounded, plain, inside the registry, and JSON in the strict sense."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_JSON = 16 * 2**20
"""Bytes of a JSON file; 30 candidates with 30 proxies take about 1 MB."""
MOST_PARQUET = 64 * 2**20
"""Bytes of a file of counts."""
MOST_FILES = 10_000
"""Files below one folder of the registry."""

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,78}[a-z0-9])?")
"""Of a study's folder and of a run: a file name on every system, whatever its case rules, and no path."""


def check_name(name: str) -> str | None:
    """Say what is wrong with a folder's or run's name, or return None."""
    if NAME.fullmatch(name) and ".." not in name:
        return None
    return f"name {name[:90]!r}: use lower-case letters, digits, '.', '-' and '_', at most 80, a letter or digit at each end"


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, links and other special files too, in order of their names.

    Raises:
        DataError: more files than a registry has any use for.
    """
    seen = 0
    for place, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in sorted([*files, *links]):
            seen += 1
            if seen > MOST_FILES:
                raise DataError(f"{folder}: more than {MOST_FILES} files; a registry has fewer")
            yield Path(place) / name


def check_plain(path: Path, root: Path) -> str | None:
    """Say why a file is no plain file inside the registry, or return None."""
    if path.is_symlink():
        return "is a symbolic link; put the file itself here"
    if not path.is_file():
        return "is no regular file; remove it"
    if not path.resolve().is_relative_to(root.resolve()):
        return "lies outside the registry; put the file itself here"
    return None


def read_strictly(path: Path, most: int = MOST_JSON) -> dict[str, Any]:
    """Read a JSON object: UTF-8, no NaN or infinity, no key twice, no more than `most` bytes.

    Raises:
        DataError: it is none; the message does not name the file.
    """
    size = path.stat().st_size
    if size > most:
        raise DataError(f"has {size:,} bytes; at most {most:,} are read")
    return parse_strictly(path.read_bytes())


def parse_strictly(content: bytes) -> dict[str, Any]:
    """Parse a JSON object as `read_strictly` does.

    Raises:
        DataError: it is none.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_once)
        if isinstance(value, dict):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
            return value
    except UnicodeEncodeError:
        raise DataError("holds half a surrogate pair; write text that is UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON ({str(error)[:200]}); write a JSON object") from None
    raise DataError(f"{text[:40]!r} is no JSON object; write one")


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is no finite number")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(n for n in names if names.count(n) > 1)!r} stands twice")
    return found
