"""Parquet tables as columns of numpy arrays, written whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Write columns of equal length (sequences or arrays) as Parquet, by rename."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    draft = path.with_name(f".{path.name}.{os.getpid()}")
    pq.write_table(pa.table(dict(columns)), draft, compression="zstd")
    draft.replace(path)


def read_table(path: Path, columns: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
    """Read columns as numpy arrays; text comes as an object array of str (None where it is null)."""
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=list(columns) if columns else None)
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}


def concatenate(tables: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Stack tables with the same columns."""
    import numpy

    return {name: numpy.concatenate([table[name] for table in tables]) for name in tables[0]}


def as_text(column: NDArray[Any]) -> NDArray[np.str_]:
    """Turn an object array of str into a numpy text array."""
    import numpy

    return numpy.asarray(column, dtype=numpy.str_)
