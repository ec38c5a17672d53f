"""miniature-answer: the reward; what follows the last `A`, compared with the gold answer as a string.

Only the answer is looked at, so a right answer after wrong steps is paid, as it is in RL on mathematics. Nothing may
follow the answer. A completion cut at the token limit counts if it already ends in the whole answer: a grader sees text
only, and the engine's own `finish` says what was cut.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness import Grade, Grader, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness import Problem

MAX_ANSWER_CHARACTERS = 16
ANSWER = re.compile(r"[0-9+*-]{1,16}")


def grade(problem: Problem, completion: str) -> Grade:
    """Grade by the gold answer; a completion without a well-formed answer has none."""
    answer = extract_answer(completion)
    return Grade(correct=answer is not None and answer == problem.answer, answer=answer)


def extract_answer(completion: str) -> str | None:
    """Return what follows the last `A`, if that is 1 to 16 digits and operators and nothing else."""
    _, mark, tail = completion.rpartition("A")
    if not mark or len(tail) > MAX_ANSWER_CHARACTERS or not ANSWER.fullmatch(tail):
        return None
    return tail


@hookimpl
def harness_graders() -> Iterable[Grader]:
    """Offer miniature-answer."""
    yield Grader(
        name="miniature-answer",
        version="1",
        summary="the answer after the last A equals the gold answer",
        load=lambda: grade,
    )
