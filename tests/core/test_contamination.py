"""Contamination: against a plain search of every pair, and on the cases each kind is for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import contamination
from harness.contamination import KINDS, Match, Rule, Text, find_overlap, tokens_of

LONG = "Find all real numbers $x$ with $x^2 + 3x - 4 = 0$ and say which of them are positive integers."
FILLER = "A farmer has seven sheep and sells two of them on a market day in the old town."


def texts(*contents: str) -> list[Text]:
    return [Text(id=f"t{i}", text=content) for i, content in enumerate(contents)]


def plain(problems: list[Text], training: list[Text], rule: Rule) -> tuple[Match, ...]:
    """Every pair, by the definitions in the module's docstring."""
    found = []
    for problem in problems:
        own, matches = tokens_of(problem.text), []
        for example in training:
            other, kind, share = tokens_of(example.text), None, 1.0
            grams = {own[i : i + rule.ngram] for i in range(len(own) - rule.ngram + 1)}
            held = {other[i : i + rule.ngram] for i in range(len(other) - rule.ngram + 1)}
            runs = any(other[i : i + len(own)] == own for i in range(len(other) - len(own) + 1))
            if len(own) < contamination.LEAST_TOKENS:
                if problem.text.strip() == example.text.strip():
                    kind = "exact"
                elif own and own == other:
                    kind = "normalised"
            elif runs:
                kind = "exact" if problem.text.strip() in example.text else "normalised"
            elif grams and (share := len(grams & held) / len(grams)) >= rule.share:
                kind = "ngram"
            if kind:
                matches.append(Match(problem=problem.id, example=example.id, kind=kind, share=share))
        if matches:
            found.append(max(matches, key=lambda m: (-KINDS.index(m.kind), m.share)))
    return tuple(found)


some = st.lists(st.sampled_from(["a", "b", "A", "+", ",", "\\,", "2"]), max_size=16).map(" ".join)


@given(st.lists(some, max_size=5), st.lists(some, max_size=5), st.integers(2, 10), st.sampled_from([0.2, 0.5, 0.8, 1.0]))
def test_overlap_is_what_a_search_of_every_pair_finds(own: list[str], other: list[str], ngram: int, share: float) -> None:
    rule = Rule(ngram=ngram, share=share)
    found = find_overlap(texts(*own), texts(*other), rule)
    expected = plain(texts(*own), texts(*other), rule)
    # A text without any token is compared as it stands.
    assert [(m.problem, m.kind, m.share) for m in found if tokens_of(own[int(m.problem[1:])])] == [
        (m.problem, m.kind, m.share) for m in expected if tokens_of(own[int(m.problem[1:])])
    ]


def test_chunks_of_the_training_problems_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    problems, training = texts(LONG, FILLER), texts("x", FILLER.upper(), "y", f"User: {FILLER} Assistant:", LONG)
    whole = find_overlap(problems, training, Rule())
    monkeypatch.setattr(contamination, "CHUNK", 2)
    assert find_overlap(problems, training, Rule()) == whole
    assert [(m.problem, m.example, m.kind) for m in whole] == [("t0", "t4", "exact"), ("t1", "t3", "exact")]


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        (f"User:\n{LONG}\n\nPlease reason step by step.\n\nAssistant:\n", "exact"),
        ("find all REAL numbers x with x^{2}+3x-4=0, and say which of them are positive integers", "normalised"),
        (
            r"Find all real numbers \(x\) with \(x^2\,+\,3x - 4 = 0\) and say which of them are positive integers.",
            "normalised",
        ),
        (LONG.replace("positive integers", "negative integers"), "ngram"),
        (LONG.replace("+", "-"), None),
        (LONG.replace("3x - 4", "3x + 4"), None),
        (FILLER, None),
    ],
)
def test_kind_of_overlap(prompt: str, kind: str | None) -> None:
    found = find_overlap(texts(LONG), texts(FILLER + " And so on.", prompt), Rule())
    assert [m.kind for m in found] == ([kind] if kind else [])


@pytest.mark.parametrize(("problem", "prompt", "kind"), [
    ("2 + 2 = ?", "2 + 2 = ?", "exact"),
    ("2 + 2 = ?", "2+2=?", "normalised"),
    ("2 + 2 = ?", "What is 2 + 2 = ? Say it.", None),
])  # fmt: skip
def test_few_tokens_overlap_only_with_the_same_text(problem: str, prompt: str, kind: str | None) -> None:
    assert [m.kind for m in find_overlap(texts(problem), texts(prompt), Rule())] == ([kind] if kind else [])


def test_stock_phrase_is_no_overlap() -> None:
    stock = "find the remainder when the sum of all such integers is divided by one thousand please"
    training = [f"{FILLER} number {n} of farm {n * 7} in the valley {stock}" for n in range(50)]
    assert find_overlap(texts(f"{LONG} {stock}"), texts(*training), Rule()) == ()


@pytest.mark.parametrize(("one", "other"), [
    ("$\\dfrac{1}{2}$", "\\frac 12"),
    ("a\\quad b~c", "A, B; c."),
    ("x \N{MINUS SIGN} 1", "x - 1"),
    ("\\left( x \\right)", "(x)"),
])  # fmt: skip
def test_typesetting_makes_no_difference(one: str, other: str) -> None:
    assert "".join(tokens_of(one)) == "".join(tokens_of(other))


def test_nothing_overlaps_with_nothing() -> None:
    assert find_overlap((), texts(LONG), Rule()) == find_overlap(texts(LONG), (), Rule()) == ()
