"""Verdicts kept on disk: what one grading step found out, the steps of other candidates on the same problems need not.

A folder holds one file for each process that added to it, a JSON object a line. Each file has one writer and lines are only
appended, so processes need no lock, on network disks neither; a line that a kill left torn is skipped. The folder may be
deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from typing import TYPE_CHECKING, TextIO

from harness_plugins.math.verify_pool import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_FLUSH_S = 2.0


def key_of(gold: str, answer: str) -> str:
    """Return what a verdict is found by: 128 bits of the SHA-256 of both texts."""
    text = json.dumps([gold, answer])  # escapes lone surrogates, which UTF-8 has no bytes for
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read(folder: Path) -> dict[str, Verdict]:
    """Read all verdicts of a folder; empty where there is none."""
    found: dict[str, Verdict] = {}
    for path in sorted(folder.glob("*.jsonl")):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            try:
                row = json.loads(line)
                found[row["key"]] = Verdict(row["correct"] is True, row["name"])
            except (ValueError, KeyError, TypeError):
                continue
    return found


class Writer:
    """Appends to a file of its own, made at the first verdict."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: TextIO | None = None
        self._flushed = 0.0

    def add(self, key: str, verdict: Verdict) -> None:
        """Keep a verdict; one that was not reached is not kept. A full disk only means that nothing is kept."""
        if not verdict.is_final:
            return
        try:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                name = f"{os.getpid()}-{uuid.uuid4().hex[:12]}.jsonl"
                self._file = (self._folder / name).open("w", encoding="utf-8")
            self._file.write(json.dumps({"key": key, "correct": verdict.correct, "name": verdict.name}) + "\n")
            if time.monotonic() - self._flushed > _FLUSH_S:
                self._file.flush()
                self._flushed = time.monotonic()
        except OSError:
            return

    def close(self) -> None:
        """Write out what is left."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError:
                return


def folder_for(memory: Path, golds: Iterable[str], versions: Mapping[str, str]) -> Path:
    """Return the folder for a set of problems under the packages installed."""
    text = json.dumps([sorted(set(golds)), dict(sorted(versions.items()))])
    return memory / hashlib.sha256(text.encode()).hexdigest()[:16]
