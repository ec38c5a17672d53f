"""Make math-verify faster inside the worker process, without a change to any verdict.

Three shortcuts, each put in only where the package still has the part it replaces:

- math-verify remembers the last 20 expressions it parsed; here it remembers thousands.
- Its parser (ANTLR, in Python) predicts with full context, which it cannot remember. ANTLR's SLL prediction, which it can,
  gives the same parse or a syntax error (T. Parr, The Definitive ANTLR 4 Reference, 13.7); after an error the text is parsed
  again in the usual way.
- It simplifies the difference of two expressions to see whether it is zero. A difference that is far from zero where its
  symbols are set to certain numbers is not.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

REMEMBERED = 8192
_POINTS = ("1.3170", "2.6143", "0.7389", "3.4571", "1.9127", "0.4261")
"""Positive numbers without meaning; symbols beyond these leave the question to simplify."""
_FAR = 1e-3


def install() -> None:
    """Put the shortcuts in; this process does nothing else."""
    from math_verify import grader, parser

    if hasattr(parser, "latex2sympy"):
        parser.latex2sympy = quick_parse(parser.latex2sympy)
    if hasattr(getattr(parser, "parse_latex_cached", None), "__wrapped__"):
        parser.parse_latex_cached = lru_cache(maxsize=REMEMBERED)(parser.parse_latex_cached.__wrapped__)
    if hasattr(grader, "sympy_symbolic_eq"):
        grader.sympy_symbolic_eq = quick_difference(grader.sympy_symbolic_eq)


def quick_parse(parse: Callable[..., Any]) -> Callable[..., Any]:
    """Return latex2sympy with SLL prediction first."""
    from antlr4.atn.ParserATNSimulator import ParserATNSimulator
    from antlr4.atn.PredictionMode import PredictionMode

    original = ParserATNSimulator.__init__

    def predict_quickly(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.predictionMode = PredictionMode.SLL

    def parsed(*arguments: Any, **named: Any) -> Any:
        ParserATNSimulator.__init__ = predict_quickly
        try:
            return parse(*arguments, **named)
        except Exception:
            ParserATNSimulator.__init__ = original
            return parse(*arguments, **named)
        finally:
            ParserATNSimulator.__init__ = original

    return parsed


def quick_difference(is_equal: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Return sympy_symbolic_eq with a look at the difference's value first."""

    def compared(one: Any, other: Any) -> bool:
        return False if is_far(one, other) else is_equal(one, other)

    return compared


def is_far(one: Any, other: Any) -> bool:
    """Tell whether two expressions have clearly different values where their symbols are set to certain numbers."""
    from sympy import Expr, Rational, Symbol

    if not (isinstance(one, Expr) and isinstance(other, Expr)):
        return False
    try:
        symbols = sorted(one.free_symbols | other.free_symbols, key=str)
        if len(symbols) > len(_POINTS) or not all(type(symbol) is Symbol for symbol in symbols):
            return False
        points = {symbol: Rational(value) for symbol, value in zip(symbols, _POINTS, strict=False)}
        first, second = complex(one.xreplace(points).evalf(15)), complex(other.xreplace(points).evalf(15))
    except Exception:  # not a number there: an unknown function, an index
        return False
    # Infinite or undefined values make the comparison false.
    return _FAR * (1 + abs(first) + abs(second)) < abs(first - second) < float("inf")
