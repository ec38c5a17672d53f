"""TensorBoard's event files, read as they grow: numbers only, nothing but the standard library.

A file is records of (length, its checksum, data, its checksum); the data is a protocol buffer `Event` with wall time
(field 1), step (2) and summary (5), the summary a list (1) of values with tag (1) and number (2). TensorBoard's own reader
is not asked, because the package lies in another environment. Source: tensorflow/core/util/event.proto, summary.proto, and
the record format of tensorflow/core/lib/io/record_writer.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HEAD = struct.Struct("<QI")
_TAIL_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number that was logged."""

    tag: str
    step: int
    value: float
    wall_time: float
    """Seconds since 1970."""


class EventFile:
    """One event file; each `read` gives what is new."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begun: float | None = None
        """Wall time of its first record."""
        self._offset = 0

    def read(self) -> Iterator[Number]:
        """Yield the numbers of all whole records not read before; a record that is still being written waits."""
        with self.path.open("rb") as file:
            file.seek(self._offset)
            while True:
                head = file.read(_HEAD.size)
                if len(head) < _HEAD.size:
                    return
                length = _HEAD.unpack(head)[0]
                data = file.read(length)
                if len(data) < length or len(file.read(_TAIL_BYTES)) < _TAIL_BYTES:
                    return
                self._offset += _HEAD.size + length + _TAIL_BYTES
                yield from self._numbers(data)

    def _numbers(self, data: bytes) -> Iterator[Number]:
        wall_time, step, values = 0.0, 0, []
        for field, value in _fields(data):
            if field == 1 and isinstance(value, bytes):
                wall_time = struct.unpack("<d", value)[0]
            elif field == 2 and isinstance(value, int):
                step = value
            elif field == 5 and isinstance(value, bytes):
                values = [inner for number, inner in _fields(value) if number == 1 and isinstance(inner, bytes)]
        if self.begun is None:
            self.begun = wall_time
        for one in values:
            parts = dict(_fields(one))
            tag, number = parts.get(1), parts.get(2)
            if isinstance(tag, bytes) and isinstance(number, bytes) and len(number) == 4:
                value_read = struct.unpack("<f", number)[0]
                yield Number(tag=tag.decode(errors="replace"), step=step, value=value_read, wall_time=wall_time)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and content of each field of a protocol buffer: an int for a varint, else its bytes.

    Raises:
        ValueError: a wire type that these files do not have.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if kind == 2:
            length, place = _varint(data, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        yield key >> 3, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place += 1
        if byte < 128:
            return value, place
        shift += 7
