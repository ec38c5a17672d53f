r"""answer-match: the completion's final answer equals the gold answer, as a text or as an exact number.

The final answer is, by the first of these rules that finds its mark in the completion:

1. what stands in the last `\boxed{...}`, braces balanced; a last box that is cut off is no answer;
2. the line after the last `####`;
3. the line after the last `answer:` (also `Answer:`, `ANSWER:`).

Without a mark there is no answer: the last number of a text is not taken for one. Answers are the same where both are
numbers of equal value (10,080 and 10080; 0.50, 1/2 and \frac{1}{2}; $18 and 18), or equal texts up to white space, dollar
signs and a full stop at the end. No part of an answer is ever enough, letters keep their case, and a number with a unit
is a text. Gold answers may be bare, or worked solutions with mark 1 or 2 (as in MATH and GSM8K). Every step is linear in
the completion's length, and an answer of over 1,000 characters is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

from harness import Grade, Grader, Problem, hookimpl

MAX_ANSWER = 1000
"""Characters; also keeps exact arithmetic on hostile digits cheap."""

_INTEGER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
_NUMBER = re.compile(rf"([+-]?)((?:{_INTEGER}(?:\.[0-9]*)?|\.[0-9]+)(?:/[0-9]+)?)")
_LATEX_FRACTION = re.compile(r"([+-]?)\\[dt]?frac\{([+-]?[0-9]+)\}\{([0-9]+)\}")
# Typesetting without meaning of its own: \left, \right, \!, math delimiters, dollar signs, a thin space between thousands.
_TYPESETTING = re.compile(r"\\(?:left|right)(?![a-z])|\\[!()\[\]]|\\?\$|(?<=[0-9])\\,(?=[0-9]{3}(?![0-9]))")
_SPACES = re.compile(r"\\[,;: ]|\s+")
_SPACE_BY_SIGN = re.compile(r" ?([^\w\s]) ?")


def grade(problem: Problem, completion: str) -> Grade:
    """Compare the completion's final answer with the gold answer."""
    text = extract(completion)
    if text is None:
        return Grade(correct=False)
    answer = canonical(text)
    return Grade(correct=is_same(_gold(problem.answer), answer), answer=str(answer) or None)


def extract(completion: str) -> str | None:
    """Return the final answer as it stands in the completion, None where it has none."""
    box = completion.rfind(r"\boxed")
    if box >= 0:
        start = box + len(r"\boxed")
        return _in_braces(completion[start : start + MAX_ANSWER + 2].lstrip())
    marks = [(completion.rfind("####"), 4)]
    if marks[0][0] < 0:
        marks = [(completion.rfind(mark), len(mark)) for mark in ("answer:", "Answer:", "ANSWER:")]
    start, length = max(marks)
    if start < 0:
        return None
    window = completion[start + length : start + length + MAX_ANSWER + 1]
    line = window.strip("* \t\r\n").partition("\n")[0].rstrip("* \t\r")
    line = line.removesuffix(".").rstrip("*") if line.endswith("*.") else line
    return line if 0 < len(line) <= MAX_ANSWER else None


def canonical(text: str) -> Fraction | str:
    """Return an answer's value where it is a number, else its text without what carries no meaning."""
    text = _TYPESETTING.sub("", text.replace("{,}", ",")).replace("\N{MINUS SIGN}", "-").replace(r"\%", "%")
    text = _SPACES.sub(" ", text).strip()
    if text.endswith(".") and not text.endswith(".."):
        text = text[:-1].rstrip()
    close = _SPACE_BY_SIGN.sub(r"\1", text)
    # "- 5" is a number; "1, 200" is a list of two.
    number = _number(text if "," in text else close)
    return close if number is None else number


def is_same(gold: Fraction | str, answer: Fraction | str) -> bool:
    """Tell whether two canonical answers are the same; an empty one is the same as nothing."""
    return type(gold) is type(answer) and gold == answer and gold != ""


@lru_cache(maxsize=65536)
def _gold(answer: str) -> Fraction | str:
    is_worked = r"\boxed" in answer or "####" in answer
    text = extract(answer) if is_worked else answer
    return "" if text is None else canonical(text)


def _in_braces(text: str) -> str | None:
    """Return what the braces at the start of a text hold; None where they do not open there, do not close, or are empty."""
    if not text.startswith("{"):
        return None
    depth, position = 0, 0
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return text[1:position].strip() or None
        position += 1
    return None


def _number(text: str) -> Fraction | None:
    if len(text) > MAX_ANSWER:
        return None
    if found := _NUMBER.fullmatch(text):
        sign, digits = found.groups()
        above, _, below = digits.replace(",", "").partition("/")
        value = _divide(Fraction(above), int(below or 1))
    elif found := _LATEX_FRACTION.fullmatch(text):
        sign, digits, below = found.groups()
        value = _divide(Fraction(int(digits)), int(below))
    else:
        return None
    return None if value is None else (-value if sign == "-" else value)


def _divide(above: Fraction, below: int) -> Fraction | None:
    return above / below if below else None


@hookimpl
def harness_graders() -> Iterator[Grader]:
    """Offer `answer-match`."""
    yield Grader(
        name="answer-match",
        version="1",
        summary="the final answer equals the gold answer, as a text or as an exact number",
        load=lambda: grade,
    )
