"""Rules as the command line writes them: PROXY OP NUMBER, or PROXY OP base [+|- NUMBER]."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, cast

from harness.errors import UserError

Op = Literal[">=", ">", "<=", "<"]
FORM = "write PROXY >= NUMBER, or PROXY >= base [+|- NUMBER]; >, <= and < work alike"
ROUNDING = 1e-9
"""Two numbers this close, relative to the larger of 1 and the threshold, are equal."""

_RULE = re.compile(r"\s*(?P<proxy>[^<>=!\s][^<>=!]*?)\s*(?P<op>[<>=!]+)\s*(?P<limit>.*?)\s*", re.DOTALL)
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_PLAIN = re.compile(rf"[+-]?{_NUMBER}", re.ASCII)
_BASE = re.compile(rf"base(?:\s*(?P<sign>[+-])\s*(?P<number>{_NUMBER}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One demand on one proxy."""

    text: str
    """As it was written."""
    proxy: str
    op: Op
    number: float
    """The threshold; with `is_against_base`, what is added to the base's reading."""
    is_against_base: bool

    @property
    def wants_more(self) -> bool:
        """Whether the threshold is a lower one."""
        return self.op in (">=", ">")

    def holds(self, value: float, threshold: float) -> bool:
        """Compare; equality within rounding keeps >= and <= and breaks > and <."""
        if abs(value - threshold) <= ROUNDING * max(1.0, abs(threshold)):
            return self.op in (">=", "<=")
        return value > threshold if self.wants_more else value < threshold


def parse_rule(text: str) -> Rule:
    """Read a rule.

    Raises:
        UserError: it has another form; the message shows it and says what may stand there.
    """
    found = _RULE.fullmatch(text)
    if found is None:
        raise UserError(f"--require {text!r}: no rule; {FORM}")
    if found["op"] not in (">=", ">", "<=", "<"):
        raise UserError(f"--require {text!r}: no comparison {found['op']!r}; {FORM}")
    limit = found["limit"]
    against = _BASE.fullmatch(limit)
    if against is None and not _PLAIN.fullmatch(limit):
        raise UserError(f"--require {text!r}: {limit!r} is neither a number nor base; {FORM}")
    number = float((against["sign"] or "") + (against["number"] or "0")) if against else float(limit)
    if not math.isfinite(number):
        raise UserError(f"--require {text!r}: {limit!r} is beyond all range; write a smaller number")
    return Rule(
        text=text.strip(),
        proxy=found["proxy"],
        op=cast("Op", found["op"]),
        number=number,
        is_against_base=against is not None,
    )
