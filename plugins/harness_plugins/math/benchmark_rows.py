"""Rows of a benchmark's data: from the Hugging Face hub, or from a local JSON Lines file, Parquet file or saved folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import DataError, MissingError

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All rows of one split, in order."""

    name: str
    """What messages call it."""
    rows: tuple[Row, ...]
    revision: str | None
    """The commit that was read on the hub; None for a file."""


def check_hub(path: str, revision: str | None) -> None:
    """Demand a hub id, and a full commit hash where a revision is given.

    Raises:
        ValueError: either is malformed.
    """
    if not _HUB_ID.fullmatch(path):
        raise ValueError(f"{path!r} is not a hub id like 'owner/name'; name a local file or folder with 'file'")
    if revision is not None and not _COMMIT.fullmatch(revision):
        raise ValueError(f"revision {revision!r} is not a commit hash of 40 hex digits; a branch or tag can move")


def hub_rows(path: str, config: str | None, split: str, revision: str | None) -> Rows:
    """Read a split on the hub, or in the Hugging Face cache where HF_HUB_OFFLINE is set.

    Raises:
        MissingError: the package datasets is not installed.
        DataError: the hub cannot be reached, or has no such data set, configuration, split or revision.
    """
    try:
        from datasets import load_dataset_builder
    except ImportError:
        raise MissingError(
            f"{path}: reading the hub needs the package datasets; "
            "run: pip install 'posttrain-harness[hf]', or name a local copy with 'file'"
        ) from None
    try:
        builder = load_dataset_builder(path, config, revision=revision)
        builder.download_and_prepare()
        table = builder.as_dataset(split=split)
    except Exception as error:
        # The library raises its own, the hub client's, the HTTP client's and the operating system's errors here.
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise DataError(
            f"{path}[{split}]: cannot be read from the Hugging Face hub ({said}); connect, or name a local copy with 'file'"
        ) from None
    found = re.search(r"@([0-9a-f]{40})", str(builder.base_path or ""))
    commit = revision or (found[1] if found else builder.hash if _COMMIT.fullmatch(str(builder.hash)) else None)
    return Rows(name=f"{path}[{split}]", rows=tuple(table), revision=commit)


def local_rows(file: Path, split: str) -> Rows:
    """Read a JSON Lines or Parquet file, a folder of such files, or a folder that datasets' `save_to_disk` wrote.

    Raises:
        DataError: nothing of that kind is there, or a row is damaged; the message names file and row.
    """
    name = file.name
    if (file / "dataset_dict.json").is_file() or (file / "state.json").is_file():
        return Rows(name=name, rows=tuple(_saved(file, split)), revision=None)
    files = [file]
    if file.is_dir():
        kinds = [sorted(file.glob(f"*{suffix}")) for suffix in (".jsonl", ".parquet")]
        files = next((found for found in kinds if found), [])
        if not files:
            raise DataError(f"{name}: the folder has neither .jsonl nor .parquet files; name a file")
    read = [row for one in files for row in (_parquet(one) if one.suffix == ".parquet" else _jsonl(one))]
    return Rows(name=name, rows=tuple(read), revision=None)


def _saved(folder: Path, split: str) -> Iterator[Row]:
    from datasets import DatasetDict, load_from_disk

    table = load_from_disk(str(folder))
    if isinstance(table, DatasetDict):
        if split not in table:
            raise DataError(f"{folder.name}: has no split {split!r}; set 'split' to one of: {', '.join(table)}")
        table = table[split]
    yield from table


def _jsonl(file: Path) -> Iterator[Row]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file.name}: cannot be read as UTF-8 text ({error}); name a JSON Lines file") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{file.name}:{number}: not JSON ({error}); write one JSON object a line") from None
        if not isinstance(row, dict):
            raise DataError(f"{file.name}:{number}: {line[:60]!r} is not an object; write one JSON object a line")
        yield row


def _parquet(file: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        yield from pq.read_table(file).to_pylist()
    except (pa.ArrowException, OSError) as error:
        said = str(error).partition("\n")[0]
        raise DataError(f"{file.name}: cannot be read as Parquet ({said}); write it again or name another") from None
