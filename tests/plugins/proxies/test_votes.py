"""Majority votes, against the grade step's counts and against a plain count of every block."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import Evidence, Grade, SampleTable, TooFewSamplesError
from harness.evidence import read_samples
from harness.steps import grade as step
from harness.tables import write_table
from harness_plugins.proxies import majority, majority_gain
from harness_plugins.proxies.votes import majority_rates

Row = tuple[str, int, int, bool]
"""Problem, index, answer (-1: none), correct."""


def table(rows: list[Row], name: str = "a") -> SampleTable:
    size = len(rows)
    return SampleTable(
        benchmark=name,
        problem_ids=np.array([row[0] for row in rows], dtype=np.str_),
        index=np.array([row[1] for row in rows], dtype=np.int64),
        correct=np.array([row[3] for row in rows], dtype=bool),
        num_tokens=np.ones(size, dtype=np.int64),
        truncated=np.zeros(size, dtype=bool),
        logprob=np.zeros(size),
        entropy=np.zeros(size),
        answer=np.array([row[2] for row in rows], dtype=np.int64),
    )


def voted(rows: list[Row], k: int) -> dict[str, float]:
    """Rate by problem, block by block."""
    rates = {}
    for problem in sorted({row[0] for row in rows}):
        own = sorted((row for row in rows if row[0] == problem), key=lambda row: row[1])
        blocks = [own[i : i + k] for i in range(0, len(own) - k + 1, k)]
        hits = 0
        for block in blocks:
            votes = Counter(row[2] for row in block if row[2] >= 0)
            if votes:
                winner = votes.most_common(1)[0][0]
                hits += next(row[3] for row in block if row[2] == winner)
        rates[problem] = hits / len(blocks)
    return rates


def sampled(problems: st.SearchStrategy[list[list[int]]]) -> st.SearchStrategy[list[Row]]:
    """Rows of several problems in any order; answer 0 is the right one of every problem."""

    def rows(drawn: list[list[int]]) -> list[Row]:
        return [(f"p{p}", i, a, a == 0) for p, answers in enumerate(drawn) for i, a in enumerate(answers)]

    return problems.map(rows).flatmap(st.permutations)


@given(sampled(st.lists(st.lists(st.integers(-1, 3), min_size=3, max_size=9), min_size=1, max_size=4)), st.integers(1, 3))
def test_majority_counts_every_block_when_samples_come_in_any_order(rows: list[Row], k: int) -> None:
    found = majority_rates(table(rows), k)
    assert dict(zip(found.problem_ids, found.values.tolist(), strict=True)) == pytest.approx(voted(rows, k))


def test_majority_at_n_is_what_the_grade_step_counts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ids = [f"p{p}" for p in range(60) for _ in range(8)]
    index = np.concatenate([rng.permutation(8) for _ in range(60)])
    texts = [None if rng.random() < 0.2 else f"{rng.integers(3)}" * int(rng.integers(1, 3)) for _ in ids]
    grades = [Grade(correct=text == "1", answer=text) for text in texts]
    columns = step._count(sorted(set(ids)), ids, grades, index.tolist())
    numbers = np.zeros(len(ids))
    write_table(
        tmp_path / "grades.parquet",
        {
            "problem_id": ids,
            "index": index,
            "correct": [g.correct for g in grades],
            "answer": texts,
            "num_tokens": numbers.astype(np.int64),
            "truncated": numbers.astype(bool),
            "logprob": numbers,
            "entropy": numbers,
        },
    )
    found = majority_rates(read_samples(tmp_path, "a"), 8)
    assert list(found.problem_ids) == columns["problem_id"]
    assert found.values.tolist() == columns["majority_correct"]
    assert 0.1 < found.values.mean() < 0.9


def test_read_samples_numbers_answers_when_some_or_all_are_missing(tmp_path: Path) -> None:
    row = {"num_tokens": [1] * 4, "truncated": [False] * 4, "logprob": [0.0] * 4, "entropy": [0.0] * 4}
    base = {"problem_id": ["p"] * 4, "index": [0, 1, 2, 3], "correct": [False] * 4, **row}
    for folder, answers, numbers in [("some", ["7", None, "", "7"], [0, -1, 1, 0]), ("none", [None] * 4, [-1] * 4)]:
        (tmp_path / folder).mkdir()
        write_table(tmp_path / folder / "grades.parquet", {**base, "answer": answers})
        found = read_samples(tmp_path / folder, "a").answer
        assert found is not None and found.tolist() == numbers


def test_majority_breaks_ties_by_the_answer_seen_first() -> None:
    rows = [("p", 3, 0, True), ("p", 1, 5, False), ("p", 0, -1, False), ("p", 2, 0, True), ("p", 4, 5, False)]
    assert majority_rates(table(rows), 5).values.tolist() == [0.0]
    assert majority_rates(table([r for r in rows if r[1] != 1]), 4).values.tolist() == [1.0]


def test_majority_has_no_bias_when_k_is_below_n() -> None:
    # Three votes among two answers: right with p^3 + 3 p^2 (1-p) = 0.352 at p = 0.4.
    rng = np.random.default_rng(2)
    right = rng.random((500, 10)) < 0.4
    rows = [(f"p{p:03}", i, 0 if right[p, i] else 1, bool(right[p, i])) for p in range(500) for i in range(10)]
    assert majority_rates(table(rows), 3).values.mean() == pytest.approx(0.352, abs=4 * (0.352 * 0.648 / 1500) ** 0.5)


FIRST = table(
    [("p", 0, 0, True), ("p", 1, 1, False), ("p", 2, 0, True), ("q", 0, 1, False), ("q", 1, 1, False), ("q", 2, 0, True)]
)
SECOND = table([("p", 0, 0, True), ("p", 1, -1, False), ("p", 2, -1, False)], "b")


def test_majority_and_its_gain_average_benchmarks() -> None:
    given_ = Evidence(candidate="a", seed=0, samples=(FIRST, SECOND))
    value = majority.compute(given_, majority.Params(k=3))
    gain = majority_gain.compute(given_, majority_gain.Params(k=3))
    assert value.value == pytest.approx((0.5 + 1) / 2)
    assert gain.value == pytest.approx(((1 / 3 - 1 / 3) / 2 + 2 / 3) / 2)
    assert gain.low is not None and gain.high is not None and -1 <= gain.low < gain.high <= 1


def test_majority_names_the_problem_when_votes_are_too_few() -> None:
    with pytest.raises(TooFewSamplesError, match="majority@4: problem 'p' has 3 samples; draw at least 4"):
        majority.compute(Evidence(candidate="a", seed=0, samples=(FIRST,)), majority.Params(k=4))


def test_majority_is_undefined_when_answers_were_not_kept() -> None:
    bare = SampleTable(**{name: getattr(FIRST, name) for name in SampleTable.__slots__ if name != "answer"})
    for module in (majority, majority_gain):
        value = module.compute(Evidence(candidate="a", seed=0, samples=(bare,)), module.Params(k=2))
        assert (value.value, value.reason) == (None, "extracted answers were not kept")
        assert module.compute(Evidence(candidate="a", seed=0), module.Params(k=2)).reason == "no benchmark was sampled"
