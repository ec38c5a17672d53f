"""miniature-check: the evaluation; solves the problem again from its prompt and accepts any right answer.

It shares no code with the generator and looks at no gold answer, so that a fault in either shows as a disagreement with
the reward. For countdown it accepts every expression that hits the target. What is cut is treated as miniature-answer does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness import Grade, Grader, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness import Problem

CHAIN = re.compile(r"C([0-9](?:[+*-][0-9]){1,99})>")
DAG = re.compile(r"D([a-j]=[0-9](?:,[a-j]=[a-j0-9][+*-][a-j0-9]){1,9})\?([a-j])>")
ADD = re.compile(r"S([0-9]{1,18})\+([0-9]{1,18})>")
COUNTDOWN = re.compile(r"T([0-9]),([0-9]),([0-9])\?([0-9])>")
ANSWER = re.compile(r"[\s\S]*A([0-9+*-]{1,16})")


def grade(problem: Problem, completion: str) -> Grade:
    """Grade by solving the prompt.

    Raises:
        ValueError: the prompt is no question of the miniature.
    """
    found = ANSWER.fullmatch(completion)
    answer = found[1] if found else None
    return Grade(correct=is_right(problem.prompt, answer), answer=answer)


def is_right(prompt: str, answer: str | None) -> bool:
    """Say whether an answer solves a prompt.

    Raises:
        ValueError: the prompt is no question of the miniature.
    """
    if match := CHAIN.fullmatch(prompt):
        return answer == "".join(_fold(match[1]))[-3:]
    if match := DAG.fullmatch(prompt):
        return answer == _resolve(match[1], match[2])
    if match := ADD.fullmatch(prompt):
        return answer == str(int(match[1]) + int(match[2]))
    if match := COUNTDOWN.fullmatch(prompt):
        *numbers, target = match.groups()
        expression = re.compile("[+*-]".join(numbers))
        return answer is not None and bool(expression.fullmatch(answer)) and _fold(answer)[-1] == target
    raise ValueError(f"prompt {prompt[:80]!r} is no question of the miniature")


def _fold(expression: str) -> list[str]:
    """Values modulo 10 after each operator of `d(op d)*`, from left to right."""
    value, values = int(expression[0]), []
    for operator, operand in zip(expression[1::2], expression[2::2], strict=True):
        value = {"+": value + int(operand), "-": value - int(operand), "*": value * int(operand)}[operator] % 10
        values.append(str(value))
    return values


def _resolve(definitions: str, asked: str) -> str:
    """Last three values up to the variable asked for, every variable replaced by its value."""
    known: dict[str, str] = {}
    for definition in definitions.split(","):
        name, _, expression = definition.partition("=")
        digits = "".join(known.get(character, character) for character in expression)
        known[name] = digits if len(digits) == 1 else _fold(digits)[-1]
        if name == asked:
            break
    return "".join(known.values())[-3:]


@hookimpl
def harness_graders() -> Iterable[Grader]:
    """Offer miniature-check."""
    yield Grader(
        name="miniature-check",
        version="1",
        summary="solves the miniature's prompt again and accepts any right answer",
        load=lambda: grade,
    )
