"""hf-dataset: examples from a data set on the Hugging Face hub, or from a folder that `save_to_disk` wrote.

Needs the extra `hf`. The hub is asked only where a recipe names `hf-dataset`; `hf-dataset-folder` stays on the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness import Context, DataError, DataSource, Example, LocalPath, hookimpl
from harness_plugins.data.columns import Row
from harness_plugins.data.examples import RowParams, to_examples
from harness_plugins.data.files import display
from harness_plugins.data.hub import check_hub_id, check_pinned


@dataclass(frozen=True, slots=True, kw_only=True)
class HubParams(RowParams):
    """Settings of `hf-dataset`."""

    dataset: str
    """Hub id, "owner/name"."""
    revision: str | None
    """Commit hash of 40 hex digits; a branch would let the data change under the same recipe. Null, which has to be written
    out: what the hub has when the data are first read; the store keeps that, another store may get something else."""
    config: str | None = None
    """Configuration (subset) of the data set, where it has several."""
    split: str = "train"
    """Split to read."""

    def __post_init__(self) -> None:
        """Refuse what is not pinned."""
        RowParams.__post_init__(self)
        check_hub_id(self.dataset, "'hf-dataset-folder'")
        if self.revision is not None:
            check_pinned(self.dataset, self.revision, "'hf-dataset-folder'")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderParams(RowParams):
    """Settings of `hf-dataset-folder`."""

    path: LocalPath
    """Folder written by the datasets library's `save_to_disk`."""
    split: str | None = None
    """Split to read, where the folder holds several."""


def load_from_hub(params: HubParams, _context: Context) -> Iterator[Example]:
    """Yield the split's examples in order; the download lands in the Hugging Face cache.

    Raises:
        DataError: a row cannot be used; the message names the row, from 1.
    """
    from datasets import load_dataset

    table = load_dataset(params.dataset, params.config, split=params.split, revision=params.revision)
    name = f"{params.dataset}[{params.split}]"
    return to_examples(_rows(table, name), params, name)


def load_from_folder(params: FolderParams, _context: Context) -> Iterator[Example]:
    """Yield the folder's examples in order.

    Raises:
        DataError: the folder is no saved data set, has no such split, or a row cannot be used.
    """
    from datasets import DatasetDict, load_from_disk

    name = display(params.path)
    try:
        table = load_from_disk(str(params.path))
    except (FileNotFoundError, ValueError) as error:
        raise DataError(f"{name}: no data set saved by save_to_disk ({error}); name such a folder") from None
    if isinstance(table, DatasetDict):
        if params.split not in table:
            raise DataError(f"{name}: split {params.split!r} is not there; set 'split' to one of: {', '.join(table)}")
        table = table[params.split]
    elif params.split is not None:
        raise DataError(f"{name}: holds one data set without splits; leave 'split' out")
    return to_examples(_rows(table, name), params, name)


def _rows(table: Any, name: str) -> Iterator[Row]:
    for number, values in enumerate(table, start=1):
        yield Row(values=values, where=f"{name}: row {number}")


@hookimpl
def harness_data_sources() -> Iterator[DataSource]:
    """Offer `hf-dataset` and `hf-dataset-folder`."""
    yield DataSource(
        name="hf-dataset",
        version="1",
        summary="examples from a data set on the Hugging Face hub",
        params=HubParams,
        load=lambda: load_from_hub,
        requires=("datasets",),
        grader="answer-match",
    )
    yield DataSource(
        name="hf-dataset-folder",
        version="1",
        summary="examples from a local folder written by the datasets library",
        params=FolderParams,
        load=lambda: load_from_folder,
        requires=("datasets",),
        grader="answer-match",
    )
