"""printable: what a terminal would obey is escaped, what people read stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness import printable


def test_printable_keeps_letters_of_every_script_and_blanks() -> None:
    assert printable("half x2 · Größe 数 →") == "half x2 · Größe 数 →"


def test_printable_escapes_controls_overrides_and_lone_surrogates() -> None:
    assert printable("\x1b[31m\r\n\x9b\u202e\udc80") == "\\x1b[31m\\r\\n\\x9b\\u202e\\udc80"


@given(st.text())
def test_printable_leaves_nothing_unprintable(text: str) -> None:
    assert printable(text).isprintable()
