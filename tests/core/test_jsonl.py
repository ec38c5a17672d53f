"""JSON Lines go to disk and back unchanged, or say where they are wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import DataError, Example, Problem
from harness.jsonl import (
    example_from_json,
    example_to_json,
    problem_from_json,
    problem_to_json,
    read_examples,
    read_problems,
    read_rows,
    write_examples,
    write_problems,
    write_rows,
)

texts = st.text(max_size=30)
metas = st.dictionaries(texts, texts, max_size=3)
examples = st.builds(Example, id=texts, prompt=texts, response=texts, answer=st.none() | texts, source=texts, meta=metas)
stops = st.lists(texts.filter(bool), max_size=3).map(tuple)
problems = st.builds(Problem, id=texts, prompt=texts, answer=texts, meta=metas, chat=st.booleans(), stop=stops)


@given(examples)
def test_example_is_the_same_after_json(example: Example) -> None:
    assert example_from_json(example_to_json(example), "x") == example


@given(problems)
def test_problem_is_the_same_after_json(problem: Problem) -> None:
    assert problem_from_json(problem_to_json(problem), "x") == problem


@given(st.lists(examples, unique_by=lambda e: e.id, max_size=5), st.lists(problems, unique_by=lambda p: p.id, max_size=5))
def test_files_hold_what_was_written_whatever_the_text(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Example], tasks: list[Problem]
) -> None:
    folder = tmp_path_factory.mktemp("jsonl")
    write_examples(folder / "e.jsonl", rows)
    write_problems(folder / "p.jsonl", tasks)
    assert read_examples(folder / "e.jsonl") == tuple(rows)
    assert read_problems(folder / "p.jsonl") == tuple(tasks)
    assert sorted(file.name for file in folder.iterdir()) == ["e.jsonl", "p.jsonl"]


def test_write_rows_leaves_the_old_file_when_a_row_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write_rows(path, [{"n": 1}])
    for bad in (float("nan"), "\ud800"):
        with pytest.raises(ValueError, match=r"not JSON compliant|surrogates"):
            write_rows(path, [{"n": 2}, {"n": bad}])
    assert [row for _, row in read_rows(path)] == [{"n": 1}]
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]


def test_write_rows_follows_the_umask_so_that_a_shared_store_can_be_read(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.jsonl", [])
    (tmp_path / "plain").touch()
    assert (tmp_path / "a.jsonl").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_read_rows_counts_blank_lines_and_keeps_line_separators_inside_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes('\n{"t":"a\u2028b"}\n  \n{"t":"c"}'.encode())
    assert list(read_rows(path)) == [(2, {"t": "a\u2028b"}), (4, {"t": "c"})]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"a":1', "not JSON"),
        (b"[1, 2]", r"\[1, 2\] is not an object"),
        (b'"text"', "is not an object"),
        (b'{"a":NaN}', "NaN is not a JSON number"),
        (b'{"a":"\xff"}', "byte 7 is not UTF-8"),
        (b"[" * 200_000, "not JSON"),
        (b'{"a":' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_read_rows_names_file_and_line_when_a_line_is_bad(tmp_path: Path, line: bytes, said: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b'{"a":1}\n' + line + b"\n")
    with pytest.raises(DataError, match=rf"bad\.jsonl:2: .*{said}.*; "):
        list(read_rows(path))


def test_read_rows_names_the_file_when_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.jsonl: cannot be read \(No such file or directory\); "):
        list(read_rows(tmp_path / "gone.jsonl"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id":"a","prompt":"p"}', "'response' is missing"),
        ('{"id":"a","prompt":"p","response":"r","anwser":"5"}', "unknown key 'anwser'; did you mean 'answer'"),
        ('{"id":1,"prompt":"p","response":"r"}', "'id' is 1; write it as a string"),
        ('{"id":"a","prompt":null,"response":"r"}', "'prompt' is null"),
        ('{"id":"a","prompt":"p","response":"r","answer":5}', "'answer' is 5"),
        ('{"id":"a","prompt":"p","response":"r","meta":{"k":1}}', "'meta' is"),
        ('{"id":"first","prompt":"p","response":"r"}', "id 'first' stands on line 1 too"),
    ],
)
def test_read_examples_names_line_and_field_when_a_row_is_no_example(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text('{"id":"first","prompt":"p","response":"r"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=rf"e\.jsonl:2: {said}"):
        read_examples(path)


def test_read_problems_refuses_a_problem_without_answer(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"id":"a","prompt":"p"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"p\.jsonl:1: 'answer' is missing"):
        read_problems(tmp_path / "p.jsonl")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"chat": "yes"}, """'chat' is "yes"; write true or false"""),
        ({"stop": "x"}, """'stop' is "x"; write a list of strings"""),
        ({"stop": [""]}, """'stop' is [""]; write a list of strings that are not empty"""),
    ],
)
def test_problem_with_a_chat_or_stop_of_another_type_is_refused(more: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)):
        problem_from_json({"id": "a", "prompt": "p", "answer": "1", **more}, "x:1")


def test_problem_at_its_defaults_is_written_as_ever() -> None:
    assert problem_to_json(Problem(id="a", prompt="p", answer="1")) == {"id": "a", "prompt": "p", "answer": "1"}
