"""jsonl: examples from a local JSON Lines file, or a folder of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from harness import Context, DataError, DataSource, Example, LocalPath, hookimpl
from harness_plugins.data.columns import Row, shown
from harness_plugins.data.examples import RowParams, to_examples
from harness_plugins.data.files import display, files_of

SUFFIXES = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Params(RowParams):
    """Settings of `jsonl`."""

    path: LocalPath
    """The file, one JSON object a line in UTF-8; or a folder whose .jsonl files are read in the order of their names."""


def load_jsonl(params: Params, _context: Context) -> Iterator[Example]:
    """Yield the file's examples in order.

    Raises:
        DataError: the file, or a row of it, cannot be used; the message names file and line.
    """
    return to_examples(read_rows(params.path), params, display(params.path))


def read_rows(path: Path) -> Iterator[Row]:
    """Yield every object of a JSON Lines file or folder; blank lines and a byte order mark are passed over.

    Raises:
        DataError: a line is not UTF-8, not JSON, or not an object.
    """
    for file in files_of(path, SUFFIXES):
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                if text.strip():
                    where = f"{display(file)}:{number}"
                    yield Row(values=_parse(text, where), where=where)


def _parse(line: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: byte {error.start + 1} is not UTF-8; {_advice(line)}") from None
    except RecursionError:
        raise DataError(f"{where}: nested too deeply; write one flat JSON object a line") from None
    except ValueError as error:
        raise DataError(f"{where}: not JSON ({error}); write one JSON object a line") from None
    if not isinstance(value, dict):
        raise DataError(f"{where}: {shown(value)} is not an object; write one JSON object a line")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _advice(line: bytes) -> str:
    if line.startswith(b"\x1f\x8b"):
        return "the file is compressed with gzip, unpack it first"
    if line.startswith(b"PAR1"):
        return "the file is Parquet, use 'parquet'"
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "the file is UTF-16, save it as UTF-8"
    return "save the file as UTF-8"


@hookimpl
def harness_data_sources() -> Iterator[DataSource]:
    """Offer `jsonl`."""
    yield DataSource(
        name="jsonl",
        version="1",
        summary="examples from a local JSON Lines file or folder",
        params=Params,
        load=lambda: load_jsonl,
        grader="answer-match",
    )
