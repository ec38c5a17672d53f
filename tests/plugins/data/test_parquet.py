"""parquet: the same examples as from JSON Lines, and damage is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness import DataError
from harness_plugins.data import jsonl, parquet

Load = Callable[..., list[Any]]
Write = Callable[..., Path]

(OFFER,) = parquet.harness_data_sources()
(JSONL,) = jsonl.harness_data_sources()
ROWS = [
    {
        "prompt": f"question {i}?",
        "response": f"it is {i}",
        "answer": i,
        "info": {"style": "terse" if i % 2 else "worked", "tags": ["a", "b"]},
        "chat": [{"role": "user", "content": f"{i}"}, {"role": "assistant", "content": f"{-i}"}],
    }
    for i in range(3000)
]


@pytest.fixture(name="path")
def path_fixture(tmp_path: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "rows.parquet", row_group_size=700)
    return tmp_path / "rows.parquet"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"offset": 1023, "limit": 1026, "source": "s"},
        {"fields": {"source": "info.style"}, "prompt_template": "{info.tags.1} {prompt}", "meta": {"style": "info.style"}},
        {"fields": {"messages": "chat"}},
        {"fields": {"response": None, "id": "prompt"}},
    ],
)
def test_parquet_gives_the_same_examples_as_jsonl(load: Load, write: Write, path: Path, settings: dict[str, Any]) -> None:
    examples = load(OFFER, {"path": path, **settings})
    assert examples == load(JSONL, {"path": write(*ROWS), **settings})
    assert len(examples) == settings.get("limit", 3000)


def test_folder_of_shards_is_read_in_the_order_of_names(load: Load, tmp_path: Path) -> None:
    for start in (10, 0):
        pq.write_table(pa.Table.from_pylist(ROWS[start : start + 10]), tmp_path / f"part-{start:02}.parquet")
    assert [e.answer for e in load(OFFER, {"path": tmp_path})] == [str(i) for i in range(20)]


def test_missing_answers_stay_missing_when_a_number_column_has_holes(load: Load, tmp_path: Path) -> None:
    table = pa.table({"prompt": ["p", "q", "r"], "response": ["a", "b", "c"], "answer": [1.5, None, float("nan")]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert [e.answer for e in load(OFFER, {"path": tmp_path / "a.parquet"})] == ["1.5", None, None]


def test_bad_row_is_named_by_its_number(load: Load, tmp_path: Path) -> None:
    pq.write_table(pa.table({"prompt": ["p", "q"], "response": ["a", None]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a\.parquet: row 2: fields\.response: column 'response' is null"):
        load(OFFER, {"path": tmp_path / "a.parquet"})
    with pytest.raises(DataError, match=r"a\.parquet: row 1: fields\.prompt: no column 'promt'; did you mean 'prompt'"):
        load(OFFER, {"path": tmp_path / "a.parquet", "fields": {"prompt": "promt"}})


def test_damaged_and_empty_files_are_named(load: Load, path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    for cut in (b"", b"no parquet at all", content[:-200], content[: len(content) // 2]):
        (tmp_path / "cut.parquet").write_bytes(cut)
        with pytest.raises(DataError, match=r"cut\.parquet: cannot be read as Parquet \(.*\); write it again"):
            load(OFFER, {"path": tmp_path / "cut.parquet"})
    pq.write_table(pa.table({"prompt": pa.array([], pa.string())}), tmp_path / "none.parquet")
    with pytest.raises(DataError, match=r"none\.parquet: there are no rows"):
        load(OFFER, {"path": tmp_path / "none.parquet"})
