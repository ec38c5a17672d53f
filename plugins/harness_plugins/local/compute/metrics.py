"""metrics.jsonl: one object a step, cut back to a saved state on resume."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class MetricsLog:
    """An open metrics.jsonl."""

    def __init__(self, path: Path, num_bytes: int) -> None:
        """Open the file, keeping its first num_bytes bytes.

        Raises:
            ValueError: it is shorter than that.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        if self._file.tell() < num_bytes:
            raise ValueError(f"{path}: has {self._file.tell()} bytes, but the saved state was made with {num_bytes}")
        self._file.truncate(num_bytes)
        self._file.seek(num_bytes)

    def write(self, record: Mapping[str, Any]) -> None:
        """Append a line and hand it to the system, so that it can be followed."""
        self._file.write(json.dumps(record, allow_nan=False).encode() + b"\n")
        self._file.flush()

    def sync(self) -> int:
        """Make all lines outlast a power cut; return the file's length."""
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def seconds_so_far(path: Path) -> float:
    """Return `seconds` of the last whole line, 0.0 where there is none: what earlier attempts took."""
    if not path.is_file():
        return 0.0
    for line in reversed(path.read_bytes().splitlines()):
        try:
            return float(json.loads(line)["seconds"])
        except (ValueError, KeyError, TypeError):
            continue
    return 0.0
