"""Four ways to write a solution down; the same answer costs from 4 to over 100 tokens.

direct   A754                                      the answer alone: hardly learnable, cheapest
terse    7,5,4A754                                 intermediate values
worked   3+4=7;7*5=5;5-1=4;A754                    every step: the way that generalises
verify   3+4=7;7*5=5;5-1=4;V7,5,4A754              worked, then said again
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from harness_plugins.miniature.families import Solution

Style = Literal["direct", "terse", "worked", "verify"]
STYLES: tuple[Style, ...] = get_args(Style)


def write_trace(solution: Solution, style: Style) -> str:
    """Write a solution as a response, without an end-of-sequence token."""
    worked, values = "".join(solution.steps), ",".join(solution.values)
    body = {"direct": "", "terse": values, "worked": worked, "verify": f"{worked}V{values}"}[style]
    return f"{body}A{solution.answer}"
