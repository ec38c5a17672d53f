"""Places in a recipe are found in its text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.recipe.locate import Where, line_of

TEXT = """{
  "a": 1,
  "b": {"c": [10,
    20,
    {"d":
      "x\\"]}", "e": null}
  ]},
  "\\u0066": true,
  "g": {}, "h": [],
  "a": 2
}"""


@pytest.mark.parametrize(
    ("where", "key", "line"),
    [
        ((), False, 1),
        (("b",), False, 3),
        (("b", "c", 0), False, 3),
        (("b", "c", 1), False, 4),
        (("b", "c", 2), False, 5),
        (("b", "c", 2, "d"), False, 6),
        (("b", "c", 2, "d"), True, 5),
        (("b", "c", 2, "e"), False, 6),
        (("f",), False, 8),
        (("h",), True, 9),
        (("a",), False, 10),
        (("b", "missing"), False, 3),
        (("b", "c", 9), False, 3),
        (("b", "c", 2, "missing", "deeper"), True, 5),
        (("h", 0), False, 9),
        ((0,), False, 1),
        (("a", "x"), False, 10),
    ],
)
def test_line_of_finds_the_place(where: Where, key: bool, line: int) -> None:
    assert line_of(TEXT, where, key=key) == line


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def _places(value: Any, where: Where = ()) -> list[Where]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [where, *(p for step, inner in items for p in _places(inner, (*where, step)))]


@settings(max_examples=60, deadline=None)
@given(json_values, st.data())
def test_line_of_agrees_with_a_marker_put_there(value: Any, data: st.DataObject) -> None:
    where = data.draw(st.sampled_from(_places(value)))
    mark = "mark \N{SNOWMAN}"
    marked: Any = json.loads(json.dumps(value))
    if where:
        parent = marked
        for step in where[:-1]:
            parent = parent[step]
        parent[where[-1]] = mark
    else:
        marked = mark
    text = json.dumps(marked, indent=1, ensure_ascii=False)
    assert line_of(text, where) == text[: text.index(mark)].count("\n") + 1
