"""JSON Lines: rows, examples and problems, read strictly and written atomically."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from uuid import uuid4

from harness.durable import sync_folder
from harness.errors import DataError, suggest
from harness.values import Example, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

Record = TypeVar("Record", Example, Problem)

_EXAMPLE_TEXTS = ("id", "prompt", "response")
_EXAMPLE_OPTIONAL = ("answer", "source", "meta")
_PROBLEM_TEXTS = ("id", "prompt", "answer")
_PROBLEM_OPTIONAL = ("meta", "chat", "stop")


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) for each line of a UTF-8 file; blank lines are passed over.

    Raises:
        DataError: the file is missing, or a line is not UTF-8, not JSON, or not an object; the message names the line.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a JSON Lines file") from None
    with file:
        for number, line in enumerate(file, start=1):
            if line.isspace():
                continue
            yield number, _parse(line, f"{path}:{number}")


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one object a line, atomically: the file appears whole and on disk, or not at all.

    Raises:
        ValueError: a row holds NaN, an infinity or a lone surrogate; nothing is written.
    """
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(encode(row) + "\n" for row in rows)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def read_examples(path: Path) -> tuple[Example, ...]:
    """Read examples in file order.

    Raises:
        DataError: a row is not an example, or an id comes twice; the message names file and line.
    """
    return _read(path, example_from_json)


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    """Write examples atomically, in order."""
    write_rows(path, map(example_to_json, examples))


def read_problems(path: Path) -> tuple[Problem, ...]:
    """Read problems in file order.

    Raises:
        DataError: a row is not a problem, or an id comes twice; the message names file and line.
    """
    return _read(path, problem_from_json)


def write_problems(path: Path, problems: Iterable[Problem]) -> None:
    """Write problems atomically, in order."""
    write_rows(path, map(problem_to_json, problems))


def example_to_json(example: Example) -> dict[str, Any]:
    """Return an example as a JSON object; fields at their defaults are left out."""
    row: dict[str, Any] = {"id": example.id, "prompt": example.prompt, "response": example.response}
    if example.answer is not None:
        row["answer"] = example.answer
    if example.source:
        row["source"] = example.source
    if example.meta:
        row["meta"] = dict(example.meta)
    return row


def example_from_json(row: Mapping[str, Any], where: str) -> Example:
    """Build an example; `where` opens the error message.

    Raises:
        DataError: a field is missing, unknown or of the wrong type.
    """
    _check_keys(row, _EXAMPLE_TEXTS, _EXAMPLE_OPTIONAL, where)
    answer = row.get("answer")
    if answer is not None:
        answer = _text(row, "answer", where)
    return Example(
        id=_text(row, "id", where),
        prompt=_text(row, "prompt", where),
        response=_text(row, "response", where),
        answer=answer,
        source=_text(row, "source", where) if "source" in row else "",
        meta=_meta(row, where),
    )


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """Return a problem as a JSON object; fields at their defaults are left out."""
    row: dict[str, Any] = {"id": problem.id, "prompt": problem.prompt, "answer": problem.answer}
    if problem.meta:
        row["meta"] = dict(problem.meta)
    if problem.chat:
        row["chat"] = True
    if problem.stop:
        row["stop"] = list(problem.stop)
    return row


def problem_from_json(row: Mapping[str, Any], where: str) -> Problem:
    """Build a problem; `where` opens the error message.

    Raises:
        DataError: a field is missing, unknown or of the wrong type.
    """
    _check_keys(row, _PROBLEM_TEXTS, _PROBLEM_OPTIONAL, where)
    return Problem(
        id=_text(row, "id", where),
        prompt=_text(row, "prompt", where),
        answer=_text(row, "answer", where),
        meta=_meta(row, where),
        chat=_flag(row, "chat", where),
        stop=_stop(row, where),
    )


def _read(path: Path, build: Callable[[Mapping[str, Any], str], Record]) -> tuple[Record, ...]:
    records: list[Record] = []
    lines: dict[str, int] = {}
    for number, row in read_rows(path):
        record = build(row, f"{path}:{number}")
        first = lines.setdefault(record.id, number)
        if first != number:
            raise DataError(f"{path}:{number}: id {record.id!r} stands on line {first} too; give each row its own")
        records.append(record)
    return tuple(records)


def _parse(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON ({error}); write one JSON object a line") from None
    if not isinstance(row, dict):
        raise DataError(f"{where}: {_shown(row)} is not an object; write one JSON object a line")
    return row


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _check_keys(row: Mapping[str, Any], required: tuple[str, ...], optional: tuple[str, ...], where: str) -> None:
    for key in required:
        if key not in row:
            raise DataError(f"{where}: {key!r} is missing; each row has {', '.join(map(repr, required))}")
    for key in row:
        if key not in required and key not in optional:
            raise DataError(f"{where}: unknown key {key!r}; {suggest(key, (*required, *optional))}")


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise DataError(f"{where}: {key!r} is {_shown(value)}; write it as a string")
    return value


def _meta(row: Mapping[str, Any], where: str) -> Mapping[str, str]:
    meta = row.get("meta", {})
    if not isinstance(meta, dict) or not all(isinstance(value, str) for value in meta.values()):
        raise DataError(f"{where}: 'meta' is {_shown(meta)}; write an object whose values are strings")
    return meta


def _flag(row: Mapping[str, Any], key: str, where: str) -> bool:
    value = row.get(key, False)
    if not isinstance(value, bool):
        raise DataError(f"{where}: {key!r} is {_shown(value)}; write true or false")
    return value


def _stop(row: Mapping[str, Any], where: str) -> tuple[str, ...]:
    stop = row.get("stop", [])
    if not isinstance(stop, list) or not all(isinstance(text, str) and text for text in stop):
        raise DataError(f"{where}: 'stop' is {_shown(stop)}; write a list of strings that are not empty")
    return tuple(stop)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else f"{text[:57]}..."
