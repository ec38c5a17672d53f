"""Tokens are counted once an example and epoch, and every strategy is held to the same number of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import Curated, Example, UserError
from harness.budget import count, fit
from harness.recipe.records import Budget


def curated(lengths: list[int], epochs: int = 1) -> Curated:
    """Examples of three prompt tokens, and of response tokens as given; a character is a token."""
    examples = (Example(id=str(i), prompt="pqr", response="x" * n) for i, n in enumerate(lengths))
    return Curated(examples=tuple(examples), epochs=epochs)


def test_count_adds_prompts_responses_and_one_end_each() -> None:
    tokens = count(curated([2, 5], epochs=3), len)
    assert (tokens.prompts, tokens.responses, tokens.per_epoch, tokens.total) == (6, 9, 15, 45)


def test_fit_keeps_a_set_within_tolerance_as_it_is() -> None:
    for lengths in ([6] * 10, [6] * 9 + [1], [6] * 9 + [11]):
        data = curated(lengths)
        assert fit(data, Budget(tokens=100, tolerance=0.05), len) is data


def test_fit_drops_from_the_end_when_the_set_is_over() -> None:
    data = curated([6] * 40, epochs=5)
    fitted = fit(data, Budget(tokens=1000, tolerance=0.0), len)
    assert fitted.examples == data.examples[:20]
    assert fitted.epochs == 5


def test_fit_refuses_a_set_that_is_over_when_told_to() -> None:
    with pytest.raises(UserError, match=r"half x2: 200 tokens are 100 over the budget of 100 \(tolerance 5\.0%\); .*fewer"):
        fit(curated([6] * 20), Budget(tokens=100, enforce="refuse"), len, where="half x2")


@pytest.mark.parametrize("enforce", ["cut", "refuse"])
def test_fit_names_the_shortfall_when_the_set_is_too_small(enforce: str) -> None:
    budget = Budget(tokens=100, tolerance=0.05, enforce=enforce)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"budget: 90 tokens fall 10 short of the budget of 100 .*; give it more"):
        fit(curated([6] * 9), budget, len)
    with pytest.raises(UserError, match=r"budget: 0 tokens fall 100 short"):
        fit(curated([]), budget, len)


def test_fit_says_so_when_whole_examples_cannot_meet_the_budget() -> None:
    with pytest.raises(UserError, match=r"dropping whole examples leaves 0; raise budget\.tolerance"):
        fit(curated([996, 6]), Budget(tokens=100), len)


@given(
    st.lists(st.integers(0, 40), max_size=40),
    st.integers(1, 4),
    st.integers(1, 2000),
    st.sampled_from([0.0, 0.01, 0.05, 0.3]),
)
def test_fit_takes_the_longest_start_within_bounds_and_refuses_when_there_is_none(
    lengths: list[int], epochs: int, tokens: int, tolerance: float
) -> None:
    data = curated(lengths, epochs)
    starts = [Curated(examples=data.examples[:n], epochs=epochs) for n in range(len(lengths) + 1)]
    longest = [start for start in starts if count(start, len).total <= round(tokens * (1 + tolerance), 6)][-1]
    try:
        fitted = fit(data, Budget(tokens=tokens, tolerance=tolerance), len)
    except UserError:
        assert count(longest, len).total < tokens * (1 - tolerance)
    else:
        assert fitted == longest
        assert count(fitted, len).total >= round(tokens * (1 - tolerance), 6)
