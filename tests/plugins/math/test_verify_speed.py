"""The shortcuts inside math-verify change no parse and no verdict."""

from __future__ import annotations

import pytest
from latex2sympy2_extended import latex2sympy
from math_verify.grader import sympy_symbolic_eq
from sympy import Symbol, cos, log, oo, pi, sin, sqrt, srepr, symbols, zoo

from harness_plugins.math.verify_speed import is_far, quick_difference, quick_parse

LATEX = [
    r"\frac{1}{2}", r"x^2+8x+9", r"16+6x+x^2", r"2\sqrt{3}", r"(1,2]", r"\{1,2\}", r"y=2x-8", r"1<x\leq 2", r"1,2,3",
    r"\begin{pmatrix}1\\2\end{pmatrix}", r"\sin(x)^2+\cos^2 x", r"(-\infty,1)\cup(3,\infty)", r"3\pm\sqrt{2}", r"10!",
    r"\log_2 8", r"\text{east}", r"50\%", r"a_1+a_2", r"f(x)=x^3", r"\int_0^1 x\,dx", r"-\frac{3}{4}i", "12:30", "1,200",
]  # fmt: skip
x, y = symbols("x y", real=True)


@pytest.mark.parametrize("latex", LATEX)
def test_quick_parse_gives_the_same_expression(latex: str) -> None:
    assert srepr(quick_parse(latex2sympy)(latex)) == srepr(latex2sympy(latex))


@pytest.mark.parametrize("latex", [r"\frac{1}{", "}", r"\sqrt{", "1 + ", ""])
def test_quick_parse_raises_when_there_is_nothing_to_parse(latex: str) -> None:
    with pytest.raises(Exception) as usual:
        latex2sympy(latex)
    with pytest.raises(type(usual.value)) as quick:
        quick_parse(latex2sympy)(latex)
    assert str(quick.value) == str(usual.value)


EQUAL = [
    ((x + 1) ** 2, x**2 + 2 * x + 1), (sin(x) ** 2 + cos(x) ** 2, x**0), (sqrt(12), 2 * sqrt(3)), (sqrt(x**2), abs(x)),
    (log(x * y), log(y * x)), (1 / (sqrt(2) - 1), sqrt(2) + 1), (x * (y + 1), x * y + x), (oo, oo), (zoo, zoo),
]  # fmt: skip
DIFFERENT = [(x + 1, x + 2), (x, y), (sqrt(2), sqrt(3)), (pi, pi + 1), (x**2, x**3), (sin(x), cos(x)), (x * y, x + y)]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_is_far_never_says_so_of_equal_expressions(one, other) -> None:
    assert not is_far(one, other)
    assert quick_difference(sympy_symbolic_eq)(one, other) == sympy_symbolic_eq(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_is_far_spares_simplify_when_expressions_differ(one, other) -> None:
    def never(_one, _other):
        raise AssertionError("simplified")

    assert not quick_difference(never)(one, other)
    assert not sympy_symbolic_eq(one, other)


def test_is_far_leaves_it_to_simplify_when_values_are_near_or_none() -> None:
    many = sum(Symbol(f"s{number}") for number in range(9))
    for one, other in [(pi, pi + 1e-9), (many, many + 1), (oo, 1), (zoo, x), ("1", "2")]:
        assert not is_far(one, other)
