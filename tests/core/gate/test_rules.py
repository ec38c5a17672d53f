"""Rules: what is one, what it compares, and what it says of itself where it is none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from harness.gate import parse_rule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pass@16 >= base", ("pass@16", ">=", 0.0, True)),
        ("pass@16 >= base - 0.02", ("pass@16", ">=", -0.02, True)),
        ("pass@16>=base+.5", ("pass@16", ">=", 0.5, True)),
        ("coverage-ratio <= 1.0", ("coverage-ratio", "<=", 1.0, False)),
        ("  pass@1  >  0.25 ", ("pass@1", ">", 0.25, False)),
        ("generalization-loss < 9e-1", ("generalization-loss", "<", 0.9, False)),
        ("headroom@4 >= -0.1", ("headroom@4", ">=", -0.1, False)),
        ("majority (k 4) >= 1", ("majority (k 4)", ">=", 1.0, False)),
    ],
)
def test_rule_is_read(text: str, expected: tuple[str, str, float, bool]) -> None:
    rule = parse_rule(text)
    assert (rule.proxy, rule.op, rule.number, rule.is_against_base) == expected
    assert rule.text == text.strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rule"),
        ("pass@1", "no rule"),
        (">= 0.5", "no rule"),
        ("pass@1 == 0.5", "no comparison '=='"),
        ("pass@1 => 0.5", "no comparison '=>'"),
        ("pass@1 >= ", "'' is neither a number nor base"),
        ("pass@1 >= bases", "'bases' is neither"),
        ("pass@1 >= base * 2", "'base \\* 2' is neither"),
        ("pass@1 >= 1 + base", "'1 \\+ base' is neither"),
        ("pass@1 >= nan", "'nan' is neither"),
        ("pass@1 >= inf", "'inf' is neither"),
        ("pass@1 >= 1e999", "beyond all range"),
        ("pass@1 >= 0.5 >= 0.2", "'0.5 >= 0.2' is neither"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        parse_rule(text)
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith(f"--require {text!r}: ")


@given(st.text(max_size=40))
def test_any_text_is_a_rule_or_a_user_error(text: str) -> None:
    try:
        assert math.isfinite(parse_rule(text).number)
    except UserError as error:
        assert "--require" in str(error)


@pytest.mark.parametrize("op", [">=", ">", "<=", "<"])
@given(value=st.floats(-2, 2), threshold=st.floats(-2, 2))
def test_comparison_is_the_usual_one_away_from_ties(op: str, value: float, threshold: float) -> None:
    rule = parse_rule(f"pass@1 {op} 0")
    apart = abs(value - threshold)
    if apart > 1e-8:
        usual = {">=": value >= threshold, ">": value > threshold, "<=": value <= threshold, "<": value < threshold}
        assert rule.holds(value, threshold) is usual[op]
    elif apart < 1e-10:
        assert rule.holds(value, threshold) is (op in (">=", "<="))


def test_rounding_does_not_break_a_tie() -> None:
    assert 0.3 < 0.1 + 0.2
    assert parse_rule("pass@1 >= base + 0.2").holds(0.3, 0.1 + 0.2)
    assert not parse_rule("pass@1 < base + 0.2").holds(0.3, 0.1 + 0.2)
