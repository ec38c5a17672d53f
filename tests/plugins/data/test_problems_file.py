"""problems-file: a local file is a benchmark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter, ValidationError

from harness import DataError, Problem
from harness_plugins.data import problems_file

Load = Callable[..., list[Any]]
Write = Callable[..., Path]

(OFFER,) = problems_file.harness_benchmarks()
GSM8K = {"question": "How many clips?", "answer": "48 + 24 = 72\n#### 72"}


def test_problems_come_from_jsonl_and_parquet_alike(load: Load, write: Write, tmp_path: Path) -> None:
    settings = {"fields": {"prompt": "question"}, "prompt_template": "Q: {question}\nA:"}
    rows = [GSM8K, {"question": "And?", "answer": "5"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    problems = load(OFFER, {"path": write(*rows), **settings})
    assert [(p.prompt, p.answer) for p in problems] == [("Q: How many clips?\nA:", GSM8K["answer"]), ("Q: And?\nA:", "5")]
    assert load(OFFER, {"path": tmp_path / "a.parquet", **settings}) == problems


def test_problems_take_numbers_as_answers_and_ids_as_given(load: Load, write: Write) -> None:
    path = write(
        {"prompt": "p", "answer": 5, "id": 1}, {"prompt": "q", "answer": 0.5, "id": 2}, {"prompt": "r", "answer": 0}
    )
    first, second, third = load(OFFER, {"path": path})
    assert (first, second) == (Problem(id="1", prompt="p", answer="5"), Problem(id="2", prompt="q", answer="0.5"))
    assert third.answer == "0"
    assert load(OFFER, {"path": path, "offset": 1, "limit": 1}) == [second]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"prompt": "p"}, "fields.answer: no column 'answer'"),
        ({"prompt": "p", "answer": None}, "fields.answer: column 'answer' is null"),
        ({"prompt": "p", "answer": " "}, "fields.answer: column 'answer' is empty"),
        ({"prompt": "", "answer": "5"}, "fields.prompt: column 'prompt' is empty"),
        ({"prompt": "p", "answer": "5", "id": "first"}, "id 'first' stands on an earlier row too"),
    ],
)
def test_bad_problem_is_named_by_file_and_line(load: Load, write: Write, row: dict[str, Any], said: str) -> None:
    path = write({"prompt": "p", "answer": "1", "id": "first"}, row)
    with pytest.raises(DataError, match=rf"rows\.jsonl:2: {said}"):
        load(OFFER, {"path": path})


def test_empty_file_and_bad_template_are_refused(load: Load, write: Write) -> None:
    with pytest.raises(DataError, match="there are no rows"):
        load(OFFER, {"path": write()})
    with pytest.raises(ValidationError, match="prompt_template"):
        TypeAdapter(OFFER.params).validate_python({"path": "x", "prompt_template": "{a"})
