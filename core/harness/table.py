"""A user's table of measured numbers: one row a candidate, or with a compute column one row a point of an RL run."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})
"""Cells that mean "not measured", whatever their case."""
MOST_ROWS = 200_000
"""Points of all runs together; more are hardly one row a candidate, and would only be read to be refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns of cells, as text or numbers; None where nothing was measured."""

    name: str
    columns: Mapping[str, Sequence[Any]]
    lines: Sequence[int]
    """Where each row stands in the file, from 1."""

    def __len__(self) -> int:
        return len(self.lines)

    def texts(self, name: str) -> list[str]:
        """Return a column as text, empty where missing."""
        return ["" if cell is None else str(cell) for cell in self._column(name)]

    def numbers(self, name: str) -> list[float]:
        """Return a column as numbers, NaN where nothing was measured.

        Raises:
            DataError: no such column, or a cell that is no finite number.
        """
        return [self._number(cell, name, line) for cell, line in zip(self._column(name), self.lines, strict=True)]

    def is_numeric(self, name: str) -> bool:
        """Whether every cell of a column is a number or missing, and at least one is a number."""
        try:
            return any(math.isfinite(value) for value in self.numbers(name))
        except DataError:
            return False

    def _column(self, name: str) -> Sequence[Any]:
        if name not in self.columns:
            raise DataError(f"{self.name}: no column {name!r}; {suggest(name, self.columns)}")
        return self.columns[name]

    def _number(self, cell: Any, name: str, line: int) -> float:
        if cell is None or (isinstance(cell, str) and cell.strip().lower() in MISSING):
            return math.nan
        if isinstance(cell, bool):
            return float(cell)
        try:
            value = float(cell)
        except (TypeError, ValueError):
            raise DataError(
                f"{self.name}:{line}: column {name!r}: {str(cell)[:40]!r} is no number; mend the cell or leave it empty"
            ) from None
        if math.isinf(value):
            raise DataError(f"{self.name}:{line}: column {name!r}: an infinite value; leave the cell empty")
        return value


def read_table(path: Path) -> Table:
    """Read a CSV file (a header line, commas) or a Parquet file.

    Raises:
        DataError: it cannot be read, has no header or no rows, a column twice, a row of another length, or too many rows.
    """
    if not path.is_file():
        raise DataError(f"{path}: not found; name a CSV or Parquet file")
    columns, lines = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    if not lines:
        raise DataError(f"{path}: has no rows; give at least one")
    return Table(name=str(path), columns=columns, lines=lines)


def _csv(path: Path) -> tuple[dict[str, list[Any]], list[int]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_rows(csv.reader(file, strict=True), path))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from None
    if not rows:
        raise DataError(f"{path}: is empty; give a header line and rows")
    (_, header), *body = rows
    names = [name.strip() for name in header]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"{path}:1: two columns are called {twice[0]!r}; give each its own name")
    for line, row in body:
        if len(row) != len(names):
            raise DataError(f"{path}:{line}: {len(row)} cells under {len(names)} columns; mend the row")
    return {name: [row[i] for _, row in body] for i, name in enumerate(names)}, [line for line, _ in body]


def _rows(reader: Any, path: Path) -> Iterator[tuple[int, list[str]]]:
    found = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{path}:{reader.line_num}: {error}; mend the line") from None
        if row:
            found += 1
            if found > MOST_ROWS + 1:
                raise _too_long(path)
            yield reader.line_num, row


def _too_long(path: Path) -> DataError:
    return DataError(f"{path}: more than {MOST_ROWS} rows; give one row a candidate, or one a point of its RL run")


def _parquet(path: Path) -> tuple[dict[str, list[Any]], list[int]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if pq.read_metadata(path).num_rows > MOST_ROWS:
            raise _too_long(path)
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0][:120]}); write it again") from None
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    return columns, list(range(1, table.num_rows + 1))
