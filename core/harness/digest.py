"""Digests: canonical JSON, files and folders, and seeds derived from labels."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, no NaN.

    Raises:
        ValueError: the value holds NaN or an infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def of_json(value: Any) -> str:
    """Return the SHA-256 (hex) of a JSON value's canonical text."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def of_path(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's bytes, or of a folder's relative names and bytes."""
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        return of_json([[p.relative_to(path).as_posix(), of_path(p)] for p in files])
    status = path.stat()
    return _of_file(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _of_file(path: str, _size: int, _mtime_ns: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seed_from(*labels: object) -> int:
    """Derive a seed in [0, 2**63) from labels; unrelated labels give unrelated seeds."""
    text = canonical([str(label) for label in labels])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
