"""subset, epochs, length-filter, difficulty, where and shuffle: what they keep, in which order, and what they refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import Context, Curated, Example

Run = Callable[..., Curated]
MakeContext = Callable[..., Context]
MakeExamples = Callable[..., tuple[Example, ...]]

sets = st.lists(
    st.builds(
        Example,
        id=st.uuids().map(str),
        prompt=st.just("p"),
        response=st.text("ab ", max_size=8),
        source=st.sampled_from("xyz"),
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda e: e.id,
).map(lambda examples: Curated(examples=tuple(examples), epochs=3))


def is_in_order(kept: Curated, data: Curated) -> bool:
    """Tell whether `kept` is a sub-sequence of `data` with the same epochs."""
    left = iter(data.examples)
    return kept.epochs == data.epochs and all(example in left for example in kept.examples)


@given(data=sets, seed=st.integers(0, 2**63), share=st.floats(0.01, 1))
def test_subset_has_its_size_and_grows_by_adding_when_the_seed_is_kept(
    run: Run, make_context: MakeContext, data: Curated, seed: int, share: float
) -> None:
    size = max(1, int(share * len(data.examples)))
    context = make_context(seed)
    whole = run(data, {"use": "subset", "examples": len(data.examples)}, context)
    kept = run(data, {"use": "subset", "examples": size}, context)
    again = run(Curated(examples=data.examples[::-1], epochs=3), {"use": "subset", "examples": size}, context)
    assert sorted(e.id for e in whole.examples) == sorted(e.id for e in data.examples)
    assert kept == Curated(examples=whole.examples[:size], epochs=3)
    assert again == kept


def test_subset_draws_evenly_over_seeds(run: Run, make_context: MakeContext, make_examples: MakeExamples) -> None:
    data = Curated(examples=make_examples(20))
    drawn = Counter(
        e.id for seed in range(400) for e in run(data, {"use": "subset", "examples": 5}, make_context(seed)).examples
    )
    # 400 draws of 5 in 20: 100 expected each, standard deviation 8.7.
    assert len(drawn) == 20
    assert all(abs(num - 100) < 44 for num in drawn.values())


def test_subset_takes_the_start_when_told_to(run: Run, make_context: MakeContext, make_examples: MakeExamples) -> None:
    data = Curated(examples=make_examples(9))
    assert run(data, {"use": "subset", "examples": 4, "choose": "first"}, make_context()).examples == data.examples[:4]


def test_subset_refuses_more_than_there_are_unless_at_most(
    run: Run, make_context: MakeContext, make_examples: MakeExamples
) -> None:
    data = Curated(examples=make_examples(3))
    with pytest.raises(ValueError, match=r"subset: 4 examples are asked for and the set has 3; lower"):
        run(data, {"use": "subset", "examples": 4}, make_context())
    assert len(run(data, {"use": "subset", "examples": 4, "at_most": True}, make_context()).examples) == 3


def test_epochs_sets_the_passes_and_leaves_the_examples(
    run: Run, make_context: MakeContext, make_examples: MakeExamples
) -> None:
    data = Curated(examples=make_examples(3), epochs=4)
    assert run(data, {"use": "epochs", "epochs": 2}, make_context()) == Curated(examples=data.examples, epochs=2)


@given(
    data=sets,
    seed=st.integers(0, 99),
    unit=st.sampled_from(["tokens", "characters"]),
    per_source=st.booleans(),
    draw=st.data(),
)
def test_length_filter_parts_the_set_in_shortest_and_longest(
    run: Run, make_context: MakeContext, data: Curated, seed: int, unit: str, per_source: bool, draw: st.DataObject
) -> None:
    total = len(data.examples)
    size = draw.draw(st.integers(1, total))
    context = make_context(seed)
    shared: dict[str, Any] = {"use": "length-filter", "unit": unit}
    short = run(data, {**shared, "keep": "shortest", "examples": size, "per_source": per_source}, context)
    assert len(short.examples) == size
    assert is_in_order(short, data)
    if not per_source and size < total:
        long = run(data, {**shared, "keep": "longest", "examples": total - size}, context)
        measure = len if unit == "characters" else context.count_tokens
        assert {e.id for e in short.examples} | {e.id for e in long.examples} == {e.id for e in data.examples}
        assert max(measure(e.response) for e in short.examples) <= min(measure(e.response) for e in long.examples)
    if per_source:
        whole, kept = (Counter(e.source for e in examples) for examples in (data.examples, short.examples))
        assert all(abs(kept[source] - num * size / total) < 1 for source, num in whole.items())


@given(
    data=sets, seed=st.integers(0, 99), cuts=st.lists(st.sampled_from([0.1, 0.25, 0.5, 0.7, 0.9]), unique=True, max_size=3)
)
def test_length_filter_parts_the_set_by_quantiles(
    run: Run, make_context: MakeContext, data: Curated, seed: int, cuts: list[float]
) -> None:
    edges = [0.0, *sorted(cuts), 1.0]
    ids: list[str] = []
    for low, high in pairwise(edges):
        settings = {
            "use": "length-filter",
            "keep": "between",
            "low_quantile": low,
            "high_quantile": high,
            "per_source": True,
        }
        try:
            ids += [e.id for e in run(data, settings, make_context(seed)).examples]
        except ValueError as error:
            assert "none of" in str(error)
    assert sorted(ids) == sorted(e.id for e in data.examples)


def test_length_filter_takes_each_source_in_proportion_so_that_short_is_not_one_family(
    run: Run, make_context: MakeContext
) -> None:
    short = tuple(Example(id=f"a{i}", prompt="p", response="x " * i, source="a") for i in range(1, 11))
    long = tuple(Example(id=f"b{i}", prompt="p", response="x " * (100 + i), source="b") for i in range(1, 21))
    data = Curated(examples=short + long)
    settings = {"use": "length-filter", "keep": "shortest", "share": 0.5}
    assert Counter(e.source for e in run(data, settings, make_context()).examples) == {"a": 10, "b": 5}
    kept = run(data, {**settings, "per_source": True}, make_context())
    assert [e.id for e in kept.examples] == [f"a{i}" for i in range(1, 6)] + [f"b{i}" for i in range(1, 11)]


def test_length_filter_keeps_lengths_between_bounds_and_both_ends(
    run: Run, make_context: MakeContext, make_examples: MakeExamples
) -> None:
    data = Curated(examples=make_examples(20))
    kept = run(data, {"use": "length-filter", "keep": "between", "low": 3, "high": 4}, make_context())
    assert [e.id for e in kept.examples] == ["e2", "e3", "e12", "e13"]
    by_characters = {"use": "length-filter", "keep": "between", "high": 3, "unit": "characters"}
    assert {e.response for e in run(data, by_characters, make_context()).examples} == {"w", "w w"}


def test_length_filter_says_which_lengths_there_are_when_it_empties_the_set(
    run: Run, make_context: MakeContext, make_examples: MakeExamples
) -> None:
    data = Curated(examples=make_examples(20))
    with pytest.raises(ValueError, match=r"length-filter: none of 20 examples is left, .* 1 to 10 tokens; widen"):
        run(data, {"use": "length-filter", "keep": "between", "low": 11}, make_context())
    with pytest.raises(ValueError, match=r"length-filter: 21 examples are asked for and 20 are left"):
        run(data, {"use": "length-filter", "keep": "longest", "examples": 21}, make_context())
    with pytest.raises(ValueError, match=r"length-filter: a share of 0\.01 of 20 examples is none"):
        run(data, {"use": "length-filter", "keep": "longest", "share": 0.01}, make_context())


def test_difficulty_keeps_by_the_bases_pass_rate(run: Run, make_context: MakeContext, make_examples: MakeExamples) -> None:
    data = Curated(examples=make_examples(5))
    context = make_context(pass_rates={"e0": 1.0, "e1": 0.25, "e2": 0.0, "e3": 0.5, "e4": 0.25})

    def kept(**settings: Any) -> list[str]:
        return [e.id for e in run(data, {"use": "difficulty", **settings}, context).examples]

    assert kept(keep="easiest", examples=2) == ["e0", "e3"]
    assert kept(keep="hardest", share=0.2) == ["e2"]
    assert kept(keep="between", low=0.25, high=0.5) == ["e1", "e3", "e4"]
    assert kept(keep="between", high=0.0) == ["e2"]


def test_difficulty_breaks_ties_by_lot_that_the_seed_moves(
    run: Run, make_context: MakeContext, make_examples: MakeExamples
) -> None:
    data = Curated(examples=make_examples(40))
    rates = {e.id: 0.5 for e in data.examples}
    picks = {
        tuple(e.id for e in run(data, {"use": "difficulty", "keep": "hardest", "examples": 5}, context).examples)
        for context in (make_context(seed % 3, pass_rates=rates) for seed in range(6))
    }
    assert len(picks) == 3


def test_difficulty_names_an_example_without_pass_rate_or_drops_it(
    run: Run, make_context: MakeContext, make_examples: MakeExamples
) -> None:
    data = Curated(examples=make_examples(3))
    context = make_context(pass_rates={"e0": 0.5, "e2": 0.1})
    settings = {"use": "difficulty", "keep": "between", "low": 0.2}
    with pytest.raises(ValueError, match=r"difficulty: 1 of 3 examples have no pass rate, 'e1' for one"):
        run(data, settings, context)
    assert [e.id for e in run(data, {**settings, "unknown": "drop"}, context).examples] == ["e0"]
    with pytest.raises(ValueError, match=r"none of 2 examples is left, .* 0\.1 to 0\.5; widen"):
        run(data, {**settings, "low": 0.6, "unknown": "drop"}, context)


def test_where_keeps_wanted_values_of_source_or_meta(run: Run, make_context: MakeContext) -> None:
    data = Curated(
        examples=(
            Example(id="1", prompt="p", response="r", source="chain", meta={"style": "terse"}),
            Example(id="2", prompt="p", response="r", source="dag", meta={"style": "worked"}),
            Example(id="3", prompt="p", response="r", source="chain"),
        )
    )

    def kept(**settings: Any) -> list[str]:
        return [e.id for e in run(data, {"use": "where", **settings}, make_context()).examples]

    assert kept(field="style", values=["terse"]) == ["1"]
    assert kept(field="style", values=["terse"], drop=True) == ["2", "3"]
    assert kept(field="source", values=["chain", "none such"]) == ["1", "3"]
    with pytest.raises(
        ValueError, match=r"none of 3 examples has style 'short'; the values are: 'terse' \(1\), 'worked' \(1\)"
    ):
        kept(field="style", values=["short"])
    with pytest.raises(ValueError, match=r"no example has that field, the fields are: source, style"):
        kept(field="stlye", values=["terse"])


@given(data=sets, seed=st.integers(0, 2**63))
def test_shuffle_keeps_all_and_forgets_the_order_they_came_in(
    run: Run, make_context: MakeContext, data: Curated, seed: int
) -> None:
    shuffled = run(data, {"use": "shuffle"}, make_context(seed))
    assert run(Curated(examples=data.examples[::-1], epochs=3), {"use": "shuffle"}, make_context(seed)) == shuffled
    assert sorted(e.id for e in shuffled.examples) == sorted(e.id for e in data.examples)
