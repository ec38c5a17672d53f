"""mixture: parts of the right size, each example once, in an order that a cut does not skew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import Context, Curated, Example

Run = Callable[..., Curated]
MakeContext = Callable[..., Context]
MakeExamples = Callable[..., tuple[Example, ...]]


def test_mixture_takes_parts_from_curations_and_pools(
    run: Run, make_context: MakeContext, make_examples: MakeExamples
) -> None:
    data = Curated(examples=make_examples(100), epochs=2)
    context = make_context(seed=7, pools={"other": make_examples(50, source="o", prefix="o")})
    parts: list[dict[str, Any]] = [
        {"curate": [{"use": "length-filter", "keep": "shortest", "share": 0.2}]},
        {"curate": [{"use": "length-filter", "keep": "longest", "share": 0.5}], "examples": 10},
        {"pool": "other", "examples": 30},
    ]
    mixed = run(data, {"use": "mixture", "parts": parts}, context)
    lengths = Counter("short" if len(e.response) <= 3 else "long" for e in mixed.examples if e.source == "s")
    assert lengths == {"short": 20, "long": 10}
    assert sum(e.source == "o" for e in mixed.examples) == 30
    assert mixed.epochs == 2
    assert run(data, {"use": "mixture", "parts": parts}, context) == mixed
    # A cut keeps the proportions: 30 of 60 in the first half would be 15 +- 2.8.
    assert 5 <= sum(e.source == "o" for e in mixed.examples[:30]) <= 25


@given(num=st.integers(3, 60), shares=st.lists(st.integers(1, 9), min_size=1, max_size=3), seed=st.integers(0, 99))
def test_mixture_divides_its_size_by_shares_and_takes_no_example_twice(
    run: Run, make_context: MakeContext, make_examples: MakeExamples, num: int, shares: list[int], seed: int
) -> None:
    names = "abc"[: len(shares)]
    pools = {name: make_examples(60, source=name, prefix=name) for name in names}
    parts = [{"pool": name, "share": share / sum(shares)} for name, share in zip(names, shares, strict=True)]
    mixed = run(Curated(examples=()), {"use": "mixture", "parts": parts, "examples": num}, make_context(seed, pools=pools))
    taken = Counter(e.source for e in mixed.examples)
    assert sum(taken.values()) == num == len({e.id for e in mixed.examples})
    assert all(abs(taken[n] - num * share / sum(shares)) < 1 for n, share in zip(names, shares, strict=True))


def test_mixture_draws_a_later_part_from_what_is_left(
    run: Run, make_context: MakeContext, make_examples: MakeExamples
) -> None:
    data = Curated(examples=make_examples(10))
    parts = [{"share": 0.5}, {"share": 0.5}]
    mixed = run(data, {"use": "mixture", "parts": parts}, make_context())
    assert sorted(e.id for e in mixed.examples) == sorted(e.id for e in data.examples)
    with pytest.raises(ValueError, match=r"parts\[1\] wants 5 examples and has 4 that no earlier part took"):
        run(data, {"use": "mixture", "parts": [{"examples": 6}, {"examples": 5}]}, make_context())
    with pytest.raises(ValueError, match=r"parts\[1\] wants 0 examples and has 0"):
        run(data, {"use": "mixture", "parts": [{}, {}]}, make_context())


def test_mixture_gives_another_id_when_two_pools_use_one_for_different_examples(
    run: Run, make_context: MakeContext, make_examples: MakeExamples
) -> None:
    data = Curated(examples=make_examples(3))
    other = tuple(replace(e, response="another") for e in data.examples)
    third = tuple(replace(e, response="a third") for e in data.examples)
    context = make_context(pools={"other": other, "third": third, "same": data.examples[:2]})
    parts = [{}, {"pool": "other"}, {"pool": "third"}]
    mixed = run(data, {"use": "mixture", "parts": parts}, context)
    assert sorted(e.id for e in mixed.examples) == sorted(f"e{i}{tail}" for i in range(3) for tail in ("", "~2", "~3"))
    assert Counter(e.response for e in mixed.examples)["a third"] == 3
    with pytest.raises(ValueError, match=r"parts\[1\] wants 0 examples and has 0"):
        run(data, {"use": "mixture", "parts": [{}, {"pool": "same"}]}, context)


def test_mixture_names_the_part_when_a_pool_is_unknown_or_epochs_stand_inside(
    run: Run, make_context: MakeContext, make_examples: MakeExamples
) -> None:
    data = Curated(examples=make_examples(3))
    context = make_context(pools={"sft": (), "rl": ()})
    with pytest.raises(ValueError, match=r"parts\[0\]\.pool: the recipe's data has no 'extra'; known: rl, sft"):
        run(data, {"use": "mixture", "parts": [{"pool": "extra"}]}, context)
    parts = [{"curate": [{"use": "epochs", "epochs": 2}]}]
    with pytest.raises(ValueError, match=r"parts\[0\] sets epochs to 2; put 'epochs' after the mixture"):
        run(data, {"use": "mixture", "parts": parts}, context)
