"""dedupe: exact and near repeats go, the first of them stays; near equals a brute-force comparison."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness import Context, Curated, Example
from harness_plugins.curation.near import first_of_near

Run = Callable[..., Curated]
MakeContext = Callable[..., Context]


def curated(pairs: list[tuple[str, str]]) -> Curated:
    return Curated(examples=tuple(Example(id=str(i), prompt=p, response=r) for i, (p, r) in enumerate(pairs)), epochs=2)


def ngrams(text: str, size: int) -> set[str]:
    return {text[i : i + size] for i in range(max(len(text) - size + 1, 1))}


def first_of_near_by_brute_force(texts: list[str], threshold: float, size: int) -> list[int]:
    kept: list[int] = []
    for i, text in enumerate(texts):
        a = ngrams(text, size)
        if all(len(a & (b := ngrams(texts[j], size))) / len(a | b) < threshold - 1e-12 for j in kept):
            kept.append(i)
    return kept


def test_dedupe_keeps_the_first_of_equal_texts_up_to_white_space(run: Run, make_context: MakeContext) -> None:
    pairs = [
        ("a b", "r"),
        (" a\t b\n", "r"),
        ("a b", "s"),
        ("A b", "r"),
        ("a", "b r"),
        ("caf\u00e9", ""),
        ("cafe\u0301", ""),
    ]

    def kept(**settings: Any) -> list[str]:
        return [e.id for e in run(curated(pairs), {"use": "dedupe", **settings}, make_context()).examples]

    assert kept() == ["0", "2", "3", "4", "5"]
    assert kept(by="prompt") == ["0", "3", "4", "5"]
    assert kept(ignore_case=True) == ["0", "2", "4", "5"]


def test_dedupe_does_not_take_different_powers_for_the_same(run: Run, make_context: MakeContext) -> None:
    data = curated([("what is x\u00b2", "r"), ("what is x2", "r")])
    assert run(data, {"use": "dedupe"}, make_context()) == data


def test_dedupe_drops_near_repeats_of_long_texts_only(run: Run, make_context: MakeContext) -> None:
    story = "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. "
    data = curated([(story, "72"), (story.replace("48", "50"), "75"), ("Weng earns $12 an hour for babysitting.", "10")])
    near = run(data, {"use": "dedupe", "near": 0.7, "by": "prompt"}, make_context())
    assert [e.id for e in near.examples] == ["0", "2"]
    assert run(data, {"use": "dedupe", "near": 0.95, "by": "prompt"}, make_context()) == data


@given(
    pairs=st.lists(st.tuples(st.text("ab ", max_size=8), st.text("xy", max_size=3)), max_size=20),
    near=st.none() | st.sampled_from([0.3, 0.5, 0.8, 1.0]),
    by=st.sampled_from(["prompt", "prompt-response"]),
)
def test_dedupe_changes_nothing_the_second_time(
    run: Run, make_context: MakeContext, pairs: list[tuple[str, str]], near: float | None, by: str
) -> None:
    settings = {"use": "dedupe", "near": near, "by": by, "ngram": 2}
    once = run(curated(pairs), settings, make_context())
    assert run(once, settings, make_context()) == once
    assert once.epochs == 2
    assert bool(once.examples) == bool(pairs)


@given(
    texts=st.lists(st.text("abc\U0001f600", max_size=12), max_size=25),
    threshold=st.sampled_from([0.1, 1 / 3, 0.5, 0.6, 0.8, 1.0]),
    size=st.integers(1, 5),
)
def test_near_keeps_what_brute_force_keeps(texts: list[str], threshold: float, size: int) -> None:
    assert first_of_near(texts, threshold, size) == first_of_near_by_brute_force(texts, threshold, size)


def test_near_is_fast_when_all_texts_share_a_template() -> None:
    texts = [
        f"Solve step by step and box the answer. What is {i * 7919 % 10007} plus {i * 104729 % 9973}?" for i in range(1500)
    ]
    start = time.process_time()
    assert len(first_of_near(texts, 0.9, 8)) > 1000
    assert time.process_time() - start < 10
