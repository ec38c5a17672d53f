"""parquet: examples from a local Parquet file, or a folder of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import Context, DataError, DataSource, Example, LocalPath, hookimpl
from harness_plugins.data.columns import Row
from harness_plugins.data.examples import RowParams, to_examples
from harness_plugins.data.files import display, files_of

SUFFIXES = (".parquet",)
BATCH_ROWS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Params(RowParams):
    """Settings of `parquet`."""

    path: LocalPath
    """The file; or a folder whose .parquet files are read in the order of their names."""


def load_parquet(params: Params, _context: Context) -> Iterator[Example]:
    """Yield the file's examples in order.

    Raises:
        DataError: the file, or a row of it, cannot be used; the message names file and row, from 1.
    """
    return to_examples(read_rows(params.path), params, display(params.path))


def read_rows(path: Path) -> Iterator[Row]:
    """Yield every row of a Parquet file or folder, a batch in memory at a time.

    Raises:
        DataError: a file is not Parquet or is damaged.
    """
    for file in files_of(path, SUFFIXES):
        yield from _rows_of(file)


def _rows_of(file: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(values=values, where=f"{display(file)}: row {number}")
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{display(file)}: cannot be read as Parquet ({reason}); write it again or name another") from None


@hookimpl
def harness_data_sources() -> Iterator[DataSource]:
    """Offer `parquet`."""
    yield DataSource(
        name="parquet",
        version="1",
        summary="examples from a local Parquet file or folder",
        params=Params,
        load=lambda: load_parquet,
        grader="answer-match",
    )
