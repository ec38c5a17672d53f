r"""Find the final answer of a completion, and what of a gold answer is the answer; for graders that parse mathematics.

A completion's answer is what its last `\boxed{...}` holds, braces balanced. Boxes that are joined to the last one by commas,
"and" or "or" alone belong to it: `$\boxed{2}$ and $\boxed{3}$` is one answer of two parts. A last box that is cut off is no
answer, nor is one of over 1,000 characters. A completion without a box is handed on whole, up to its last 20,000 characters,
for the parser to look in. Every step is linear in the completion's length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness_plugins.math.answer_match import MAX_ANSWER

MAX_PROSE = 20_000
"""Characters of a completion without a box that are read, from its end; math-verify takes about 1 ms for 1,000."""

_BOX = r"\boxed"
_MAX_BOXES = 32
_MAX_JOINT = 40
_GAP = r"(?:[\s$]|\\[,;:! ()\[\]]|\\q?quad)*"
_WORD = r"(?:and|or|\\(?:text|mathrm)\{\s*(?:and|or)\s*\})"
_JOINT = re.compile(rf"{_GAP}(?:[,;]{_GAP}{_WORD}?|{_WORD}){_GAP}")
_MARKUP = re.compile(r"\$|\\\(|\\\[|\\boxed")


@dataclass(frozen=True, slots=True)
class Final:
    """A completion's answer."""

    text: str
    """What is in the box, or the completion."""
    is_boxed: bool

    @property
    def to_parse(self) -> str:
        """Return the text as a parser of mathematics in prose should get it."""
        return rf"\boxed{{{self.text}}}" if self.is_boxed else self.text


def find(completion: str) -> Final | None:
    """Return the final answer, None where there is none."""
    box = completion.rfind(_BOX)
    if box < 0 or not completion[box + len(_BOX) : box + len(_BOX) + 8].lstrip().startswith("{"):
        prose = completion[-MAX_PROSE:]
        return Final(prose, is_boxed=False) if prose.strip() else None
    parts: list[str] = []
    start = box
    for _ in range(_MAX_BOXES):
        held = _held(completion, box, start)
        if held is None:
            break
        content, end = held
        if parts and not _JOINT.fullmatch(completion, end, start):
            break
        if content not in parts:
            parts.insert(0, content)
        start, box = box, completion.rfind(_BOX, max(0, box - MAX_ANSWER - _MAX_JOINT - len(_BOX)), box)
        if box < 0:
            break
    text = ", ".join(parts).strip()
    return Final(text, is_boxed=True) if 0 < len(text) <= MAX_ANSWER else None


def gold_to_parse(answer: str) -> str:
    """Return a gold answer as a parser of mathematics in prose should get it.

    Bare mathematics is marked as such as a whole: math-verify finds no more than the 2 in a bare "x^2". An answer with marks
    of its own (dollar signs, boxes, a worked solution) is left as it is; of one in GSM8K's form only the last line counts.
    """
    if _MARKUP.search(answer):
        return answer
    _, mark, tail = answer.rpartition("####")
    return rf"\boxed{{{(tail if mark else answer).strip()}}}"


def plain_gold(answer: str) -> str:
    """Return the bare text of a gold answer, for comparing texts; empty where there is none."""
    if _BOX in answer:
        found = find(answer)
        return found.text if found and found.is_boxed else ""
    return answer.rpartition("####")[2]


def _held(completion: str, box: int, before: int) -> tuple[str, int] | None:
    r"""Return what a `\boxed` holds and where it ends; None where it is cut off or too long."""
    opening = completion.find("{", box)
    window = completion[opening : opening + MAX_ANSWER + 2]
    depth, position = 0, 0
    while position < len(window):
        if window[position] == "\\":
            position += 1
        elif window[position] == "{":
            depth += 1
        elif window[position] == "}":
            depth -= 1
            if depth == 0:
                end = opening + position + 1
                return (window[1:position].strip(), end) if before == box or end <= before else None
        position += 1
    return None
