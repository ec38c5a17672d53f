"""The grader accepts equal answers in every usual dress, and nothing else; it returns at once for every string."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import Grade, Problem
from harness_plugins.math.answer_match import MAX_ANSWER, canonical, extract, grade, harness_graders


def judge(gold: str, completion: str) -> Grade:
    return grade(Problem(id="p", prompt="?", answer=gold), completion)


RIGHT = [
    ("10080", r"so we get \boxed{10,080}"),
    ("10,080", r"\boxed{10080}"),
    ("10,080", r"\boxed{10{,}080}"),
    ("10,080", r"\boxed{10,\!080}"),
    ("10,080", r"\boxed{10\,080}"),
    ("1/2", r"\boxed{0.50}"),
    ("0.5", r"\boxed{\frac{1}{2}}"),
    ("0.5", r"\boxed{\dfrac{2}{4}}"),
    ("-0.5", r"\boxed{-\frac{1}{2}}"),
    (".5", r"\boxed{1 / 2}"),
    ("18", r"\boxed{\$18}"),
    ("18", r"\boxed{$18.00$}"),
    ("18", "#### $18"),
    ("18", "#### 18."),
    ("72", "48/2 = 24, 48 + 24 = 72\n#### 72"),
    ("Natalia sold 48+24 = 72 clips.\n#### 72", "#### 72"),
    (r"Hence $x = \boxed{\frac{3}{4}}$.", r"\boxed{0.75}"),
    ("12", r"first \boxed{7}, no: \boxed{12}"),
    ("12", r"\boxed {12}"),
    ("12", r"\boxed{\boxed{12}}"),
    ("12", r"#### 5" + "\n" + r"\boxed{12}"),
    ("12", "answer: 5\nthen #### 12"),
    ("12", "Answer: 7\nwait.\nAnswer: 12\n"),
    ("12", "**Answer:** 12"),
    ("12", "Final answer: **12**."),
    ("12", "ANSWER:\n12\nThat was it."),
    ("-5", r"\boxed{- 5}"),
    ("-5", "\\boxed{\N{MINUS SIGN}5}"),
    ("0", r"\boxed{-0}"),
    ("(1, 2)", r"\boxed{(1,2)}"),
    ("(1, 2)", r"\boxed{\left( 1, 2 \right)}"),
    (r"\{1,2\}", r"\boxed{\{1,2\}}"),
    ("1, 200", r"\boxed{1, 200}"),
    ("50%", r"\boxed{50\%}"),
    (r"x^{2}+1", r"\boxed{x^{2} + 1}"),
    ("new  york", "answer: new york."),
    ("07", r"\boxed{7}"),
    ("1" * 40, r"\boxed{" + "1" * 40 + "}"),
]
WRONG = [
    ("120", r"\boxed{12}"),
    ("12", r"\boxed{120}"),
    ("2", r"\boxed{12}"),
    ("1, 2", r"\boxed{1}"),
    ("1", r"\boxed{1, 2}"),
    ("{1,2,3}", r"\boxed{\{1,2\}}"),
    ("12", "12"),
    ("12", "The sum of 12 and 30 is 42, I think"),
    ("7", r"first \boxed{7}, no: \boxed{12}"),
    ("7", r"first \boxed{7}, no: \boxed{7"),
    ("12", r"\boxed{12"),
    ("12", r"put it into \boxed"),
    ("12", r"\boxed{}"),
    ("", r"\boxed{}"),
    ("", "####"),
    ("", "answer: $"),
    (r"\boxed{", r"\boxed{}"),
    ("5", "answer: 12\n#### 5 or 6"),
    ("5", "#### 12\nanswer: 5"),
    ("1200", r"\boxed{1, 200}"),
    ("12", r"\boxed{1 2}"),
    ("12", r"\boxed{1\ 2}"),
    ("12", r"\boxed{1\,2}"),
    ("12", "answer: 12 apples"),
    ("50", r"\boxed{50%}"),
    ("0.5", r"\boxed{50%}"),
    ("x", r"\boxed{X}"),
    ("1/3", r"\boxed{0.333}"),
    ("1/3", r"\boxed{0.333...}"),
    ("0.333", r"\boxed{0.333...}"),
    ("0", r"\boxed{0/0}"),
    ("1000", r"\boxed{1e3}"),
    ("1.5", r"\boxed{1,5}"),
    ("1" * 40, r"\boxed{" + "1" * 39 + "2}"),
    ("nan", r"\boxed{NaN}"),
]


@pytest.mark.parametrize(("gold", "completion"), RIGHT)
def test_grade_accepts_an_equal_answer_in_another_dress(gold: str, completion: str) -> None:
    assert judge(gold, completion).correct


@pytest.mark.parametrize(("gold", "completion"), WRONG)
def test_grade_refuses_what_is_not_the_answer(gold: str, completion: str) -> None:
    assert not judge(gold, completion).correct


def test_grade_gives_one_answer_text_for_equal_numbers_so_that_votes_add_up() -> None:
    completions = [r"\boxed{10,080}", "#### 10080", "answer: $10080.0$", r"\boxed{\frac{20160}{2}}"]
    assert {judge("1", text).answer for text in completions} == {"10080"}


@pytest.mark.parametrize("completion", ["", "no mark", r"\boxed{}", r"\boxed{$}", r"\boxed{5", "####", "answer:   \n"])
def test_grade_has_no_answer_when_none_is_marked(completion: str) -> None:
    assert judge("5", completion) == Grade(correct=False, answer=None)


@pytest.mark.parametrize(
    "completion",
    [
        r"\boxed{" * 150_000,
        "{" * 1_000_000,
        r"\boxed{" + "{" * 1_000_000,
        r"\boxed{" + "9" * 1_000_000 + "}",
        r"\boxed" + " " * 1_000_000,
        "####" * 250_000,
        "answer:" * 140_000,
        "answer: " + "\t\n" * 500_000,
        "#### " + "1,000" * 200_000,
        "#### " + "1," * (MAX_ANSWER // 2 - 1),
        "#### " + "9" * (MAX_ANSWER // 2 - 1) + "/" + "7" * (MAX_ANSWER // 2),
        "#### " + r"\left" * (MAX_ANSWER // 5),
        "\\" * 1_000_000,
        "\0\ud800\U0010ffff" * 300_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_grade_ends_within_a_tenth_of_a_second_when_the_text_is_hostile(completion: str) -> None:
    start = time.process_time()
    verdict = judge("12", completion)
    assert time.process_time() - start < 0.1
    assert not verdict.correct


def test_grade_returns_quickly_when_the_gold_answer_is_huge() -> None:
    start = time.process_time()
    assert not judge("1," * 20_000, r"\boxed{1}").correct
    assert time.process_time() - start < 0.1


@given(st.text(alphabet=st.characters(), max_size=200) | st.text(alphabet="\\boxed{}#answer: 12/.,-$", max_size=60))
def test_grade_returns_for_every_string(text: str) -> None:
    verdict = judge("12", text)
    assert verdict.answer != ""
    if verdict.correct:
        assert verdict.answer == "12"


@given(st.integers(-(10**12), 10**12), st.integers(0, 4))
def test_grade_accepts_a_number_however_it_is_grouped(value: int, zeros: int) -> None:
    written = f"{value:,}" + ("." + "0" * zeros if zeros else "")
    assert judge(str(value), rf"\boxed{{{written}}}").correct
    assert not judge(str(value + 1), rf"\boxed{{{written}}}").correct


@given(st.integers(-999, 999), st.integers(1, 999), st.integers(1, 50))
def test_canonical_is_the_exact_value_when_a_fraction_is_expanded(above: int, below: int, factor: int) -> None:
    expected = Fraction(above, below)
    assert canonical(f"{above * factor}/{below * factor}") == expected
    assert canonical(rf"\frac{{{above * factor}}}{{{below * factor}}}") == expected


@given(st.text(alphabet="abc 12+(),", min_size=1, max_size=30).filter(lambda text: text.strip()))
def test_extract_finds_what_stands_in_the_last_box(text: str) -> None:
    assert extract(rf"\boxed{{no}} then \boxed{{{text}}} #### 3") == text.strip()


def test_offer_is_answer_match_and_loads_the_grader() -> None:
    (offer,) = harness_graders()
    assert offer.name == "answer-match"
    assert offer.load()(Problem(id="p", prompt="?", answer="1/2"), r"\boxed{0.5}") == Grade(correct=True, answer="1/2")
