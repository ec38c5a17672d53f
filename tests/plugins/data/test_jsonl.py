"""jsonl: foreign files become examples by the mapping, or the message names file, line and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from harness import DataError, Example
from harness_plugins.data import jsonl

Load = Callable[..., list[Any]]
Write = Callable[..., Path]

(OFFER,) = jsonl.harness_data_sources()
PLAIN = {"prompt": "1+1?", "response": "it is 2", "answer": "2"}


def test_rows_become_examples_by_their_usual_names(load: Load, write: Write) -> None:
    path = write({**PLAIN, "id": "q1", "source": "sums", "more": [1]}, {"prompt": "2+2?", "response": "4"}, b"")
    first, second = load(OFFER, {"path": path, "source": "mine"})
    assert first == Example(id="q1", prompt="1+1?", response="it is 2", answer="2", source="sums")
    assert (second.prompt, second.response, second.answer, second.source) == ("2+2?", "4", None, "mine")


def test_rows_become_examples_by_mapping_templates_and_meta(load: Load, write: Write) -> None:
    row = {"q": {"text": "How many?", "n": 3}, "steps": ["one", "two"], "gold": 2.5, "a.b": "flat", "nr": 17}
    settings = {
        "path": write(row),
        "fields": {"answer": "gold", "id": "nr", "source": "a.b"},
        "prompt_template": "Q{q.n}: {q.text} {{x}}\nA:",
        "response_template": "{steps.0}, {steps.1}",
        "meta": {"size": "q.n", "style": "a.b"},
    }
    assert load(OFFER, settings) == [
        Example(
            id="17",
            prompt="Q3: How many? {x}\nA:",
            response="one, two",
            answer="2.5",
            source="flat",
            meta={"size": "3", "style": "flat"},
        )
    ]


def test_prompts_alone_are_enough_when_response_is_null(load: Load, write: Write) -> None:
    (example,) = load(OFFER, {"path": write({"prompt": "p", "answer": "5"}), "fields": {"response": None}})
    assert (example.prompt, example.response, example.answer) == ("p", "", "5")


def test_chats_become_prompt_and_response(load: Load, write: Write) -> None:
    chat = [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "And 2+2?"},
        {"role": "assistant", "content": "4"},
    ]
    shared = [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]
    path = write({"messages": chat}, {"messages": shared})
    first, second = load(OFFER, {"path": path, "fields": {"messages": "messages"}})
    assert first.prompt == "System:\nBe short.\n\nUser:\n1+1?\n\nAssistant:\n2\n\nUser:\nAnd 2+2?\n\nAssistant:\n"
    assert first.response == "4"
    assert (second.prompt, second.response) == ("User:\nhi\n\nAssistant:\n", "hello")
    questions = load(OFFER, {"path": path, "fields": {"messages": "messages", "response": None}})
    assert [(e.prompt, e.response) for e in questions] == [(first.prompt, ""), (second.prompt, "")]


def test_ids_come_from_content_and_do_not_move_with_offset_or_order(load: Load, write: Write) -> None:
    other = {"prompt": "p", "response": "r"}
    ids = [e.id for e in load(OFFER, {"path": write(PLAIN, other, PLAIN)})]
    assert ids[2] == f"{ids[0]}-2"
    assert len(set(ids)) == 3
    assert [e.id for e in load(OFFER, {"path": write(other, PLAIN, name="b.jsonl")})] == [ids[1], ids[0]]
    assert [e.id for e in load(OFFER, {"path": write(PLAIN, other, PLAIN), "offset": 1, "limit": 1})] == [ids[1]]


def test_folder_is_read_in_the_order_of_names(load: Load, write: Write, tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "c.txt"):
        write({"prompt": name, "response": "r"}, name=name)
    assert [e.prompt for e in load(OFFER, {"path": tmp_path})] == ["a.jsonl", "b.jsonl"]


def test_byte_order_mark_and_windows_line_ends_are_passed_over(load: Load, write: Write) -> None:
    path = write(b'\xef\xbb\xbf{"prompt":"p","response":"r\xc3\xa9"}\r')
    assert load(OFFER, {"path": path})[0].response == "r\xe9"


@given(
    st.lists(
        st.tuples(st.text("ab é\n{}", min_size=1), st.text("xy\u2028", min_size=1)).filter(lambda r: all(map(str.strip, r)))
    )
)
def test_texts_come_through_unchanged(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    path = tmp_path_factory.mktemp("data") / "a.jsonl"
    path.write_text("".join(json.dumps({"prompt": p, "response": r}) + "\n" for p, r in [*rows, ("p", "r")]), "utf-8")
    params = TypeAdapter(OFFER.params).validate_python({"path": path})
    examples = list(OFFER.load()(params, None))
    assert [(e.prompt, e.response) for e in examples] == [*rows, ("p", "r")]
    assert len({e.id for e in examples}) == len(examples)


@pytest.mark.parametrize(
    ("row", "settings", "said"),
    [
        (b'{"prompt": "p"', {}, "not JSON .*; write one JSON object a line"),
        (b"[" * 100_000, {}, "nested too deeply"),
        (b"[1]", {}, r"\[1\] is not an object"),
        (b'{"prompt": "\xe9"}', {}, "byte 13 is not UTF-8; save the file as UTF-8"),
        (b'{"prompt": "p", "response": NaN}', {}, "NaN is not a JSON number"),
        ({"promt": "p", "response": "r"}, {}, "fields.prompt: no column 'prompt'; did you mean 'promt'"),
        ({"x": "p"}, {}, "no column 'prompt'; the columns are: x"),
        ({"prompt": None, "response": "r"}, {}, "fields.prompt: column 'prompt' is null"),
        ({"prompt": 5, "response": "r"}, {}, "column 'prompt' holds 5, not a text"),
        ({"prompt": " \n", "response": "r"}, {}, "column 'prompt' is empty"),
        ({"prompt": "p", "response": ""}, {}, "fields.response: column 'response' is empty"),
        ({"prompt": "p"}, {}, "fields.response: no column 'response'"),
        ({"prompt": "p", "response": "\ud800"}, {}, "fields.response: character 1 is half of a surrogate pair"),
        ({**PLAIN, "answer": True}, {}, "fields.answer: column 'answer' holds True"),
        ({**PLAIN, "answer": ["2"]}, {}, "holds \\['2'\\], not a text or number"),
        (PLAIN, {"fields": {"answer": "gold"}}, "fields.answer: no column 'gold'"),
        (PLAIN, {"fields": {"id": "a.b"}}, "fields.id: no column 'a.b'"),
        (PLAIN, {"meta": {"style": "stile"}}, "meta.style: no column 'stile'"),
        (PLAIN, {"prompt_template": "{question}"}, "prompt_template: no column 'question'"),
        ({**PLAIN, "id": "first"}, {}, r"id 'first' stands at .*rows\.jsonl:1 too"),
        (PLAIN, {"fields": {"messages": "chat"}}, "fields.messages: column 'chat' holds None, not a list"),
        ({"c": [5]}, {"fields": {"messages": "c"}}, r"c\[0\] is 5, not a message"),
        (
            {"c": [{"role": "tool", "content": "x"}]},
            {"fields": {"messages": "c"}},
            r"c\[0\]: role 'tool' is not known; known: sys",
        ),
        ({"c": [{"role": "user", "content": [1]}]}, {"fields": {"messages": "c"}}, r"c\[0\]: content \[1\] is not a text"),
        ({"c": [{"role": "user", "content": "x"}]}, {"fields": {"messages": "c"}}, "no assistant message ends the chat"),
        ({"c": [{"role": "assistant", "content": "x"}]}, {"fields": {"messages": "c"}}, "no user message"),
    ],
)
def test_bad_row_is_named_by_file_and_line(load: Load, write: Write, row: Any, settings: dict[str, Any], said: str) -> None:
    good = {"id": "first", "prompt": "p", "response": "r", "gold": "1", "a": {"b": 1}, "stile": "s", "question": "q"}
    chat = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    path = write({**good, "chat": chat, "c": chat}, row)
    with pytest.raises(DataError, match=rf"rows\.jsonl:2: .*{said}"):
        load(OFFER, {"path": path, **settings})


@pytest.mark.parametrize(
    ("content", "settings", "said"),
    [
        (b"", {}, r"rows\.jsonl: there are no rows"),
        (b"\n \n", {}, r"rows\.jsonl: there are no rows"),
        (b'{"prompt":"p","response":"r"}\n', {"offset": 1}, r"has 1 rows and 'offset' passes over 1; lower 'offset'"),
        (b"\x1f\x8b\x08", {}, "compressed with gzip, unpack it first"),
        (b"PAR1\xff", {}, "the file is Parquet, use 'parquet'"),
        ('{"prompt":"p"}'.encode("utf-16"), {}, "UTF-16, save it as UTF-8"),
    ],
)
def test_unusable_file_is_named_with_what_to_do(
    load: Load, tmp_path: Path, content: bytes, settings: dict[str, Any], said: str
) -> None:
    (tmp_path / "rows.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=said):
        load(OFFER, {"path": tmp_path / "rows.jsonl", **settings})


def test_missing_file_and_empty_folder_are_named(load: Load, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.jsonl: no such file"):
        load(OFFER, {"path": tmp_path / "gone.jsonl"})
    with pytest.raises(DataError, match=r"the folder has no \.jsonl or \.ndjson"):
        load(OFFER, {"path": tmp_path})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"prompt_template": "{"}, "'prompt_template': .*twice"),
        ({"prompt_template": "{}"}, "a placeholder is a column in braces"),
        ({"response_template": "{a!r}"}, "'response_template': a placeholder"),
        ({"prompt_template": "{a:>10}"}, "a placeholder"),
        ({"prompt_template": "{a}", "fields": {"messages": "m"}}, "leave 'prompt_template' out"),
        ({"limit": 0}, "greater than or equal to 1"),
        ({"offset": -1}, "greater than or equal to 0"),
    ],
)
def test_params_refuse_settings_that_make_no_sense(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(OFFER.params).validate_python({"path": "x", **settings})
