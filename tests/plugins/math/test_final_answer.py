"""The last box is the answer, joined boxes are one answer, and every string is done with at once."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness_plugins.math.answer_match import MAX_ANSWER
from harness_plugins.math.final_answer import MAX_PROSE, Final, find, gold_to_parse, plain_gold


@pytest.mark.parametrize(
    ("completion", "text"),
    [
        (r"first \boxed{7}, no: \boxed{12}", "12"),
        (r"\boxed{7}" + "\n\n" + r"\boxed{7}", "7"),
        (r"\boxed{7}" + "\n\n" + r"\boxed{8}", "8"),
        (r"$\boxed{2}$, $\boxed{3}$ and $\boxed{5}$", "2, 3, 5"),
        (r"\(\boxed{2}\) \text{ or } \(\boxed{3}\)", "2, 3"),
        (r"$\boxed{2}, \quad \boxed{3}$", "2, 3"),
        (r"$\boxed{2}$; $\boxed{2}$", "2"),
        (r"$\boxed{2}$ for part (a) and $\boxed{3}$", "3"),
        (r"\boxed{\boxed{12}}", "12"),
        (r"\boxed {12}", "12"),
        (r"\boxed{\left\{1,\frac{1}{2}\right\}}", r"\left\{1,\frac{1}{2}\right\}"),
    ],
)
def test_find_takes_the_last_box_and_those_joined_to_it(completion: str, text: str) -> None:
    assert find(completion) == Final(text, is_boxed=True)


@pytest.mark.parametrize(
    "completion", [r"\boxed{7}, no: \boxed{12", r"\boxed{}", r"\boxed{ }", rf"\boxed{{{'9' * 1001}}}", "", " "]
)
def test_find_finds_nothing_when_the_last_box_is_cut_off_empty_or_too_long(completion: str) -> None:
    assert find(completion) is None


def test_find_hands_on_prose_when_there_is_no_box() -> None:
    assert find("so it is 72.") == Final("so it is 72.", is_boxed=False)
    assert find(r"I put it \boxed 7") == Final(r"I put it \boxed 7", is_boxed=False)
    assert find("a" * 30_000 + "72") == Final("a" * (MAX_PROSE - 2) + "72", is_boxed=False)


@pytest.mark.parametrize(
    ("gold", "parsed", "plain"),
    [
        ("x^2", r"\boxed{x^2}", "x^2"),
        ("$x^2$", "$x^2$", "$x^2$"),
        (r"so $x = \boxed{3}$.", r"so $x = \boxed{3}$.", "3"),
        ("48/2 = 24\n#### 72", r"\boxed{72}", " 72"),
        (r"\boxed{", r"\boxed{", ""),
    ],
)
def test_gold_is_marked_as_mathematics_when_it_is_bare(gold: str, parsed: str, plain: str) -> None:
    assert (gold_to_parse(gold), plain_gold(gold)) == (parsed, plain)


@pytest.mark.parametrize(
    "completion",
    [
        r"\boxed{" * 150_000,
        r"\boxed{1}, " * 100_000,
        r"\boxed{1} and " * 80_000 + r"\boxed{2}",
        r"\boxed{" + "{" * 1_000_000,
        r"\boxed{1}" + "," * 1_000_000 + r"\boxed{2}",
        r"\boxed{1}" + r"\quad" * 200_000 + r"\boxed{2}",
        "\\" * 1_000_000,
        "$" * 1_000_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_find_ends_within_a_tenth_of_a_second_when_the_text_is_hostile(completion: str) -> None:
    start = time.process_time()
    find(completion)
    assert time.process_time() - start < 0.1


@given(
    st.lists(
        st.text(alphabet="abc12+/ ", min_size=1, max_size=9).filter(str.strip), min_size=1, max_size=6, unique_by=str.strip
    )
)
def test_find_joins_any_number_of_boxes(parts: list[str]) -> None:
    found = find("therefore " + " and ".join(rf"$\boxed{{{part}}}$" for part in parts))
    assert found == Final(", ".join(part.strip() for part in parts), is_boxed=True)


@given(st.text(alphabet="\\boxed{} ,and$12", max_size=80))
def test_find_returns_for_every_string_with_a_text_of_bounded_length(text: str) -> None:
    found = find(text)
    assert found is None or (found.text and len(found.text) <= MAX_ANSWER)
