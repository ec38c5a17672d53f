"""What two sides have in common."""

import numpy as np
import pytest

from harness import Counts, DataError
from harness.comparison import match


def made(ids: str, benchmark: str = "b") -> Counts:
    return Counts(
        benchmark=benchmark,
        problem_ids=tuple(ids),
        num_samples=np.full(len(ids), 9),
        num_correct=np.array([ord(c) % 10 for c in ids]),
    )


def test_same_problems_are_left_as_they_are() -> None:
    a, b, dropped = match([made("xyz")], [made("zyx")], where="w", is_common=False)
    assert a[0].problem_ids == ("x", "y", "z") and b[0].problem_ids == ("z", "y", "x")
    assert dropped.to_json() == {"candidates": [], "benchmarks": [], "problems": {}}


def test_problems_on_one_side_are_counted_and_dropped_when_asked() -> None:
    a, b, dropped = match([made("wxyz"), made("x", "c")], [made("zyv"), made("q", "d")], where="w", is_common=True)
    assert [entry.problem_ids for entry in (*a, *b)] == [("y", "z"), ("z", "y")]
    assert a[0].num_correct.tolist() == [ord("y") % 10, ord("z") % 10]
    assert dropped.problems == {"b": 3} and dropped.benchmarks == ("c", "d")


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ([made("xy")], [made("xyz")], r"w: b: 1 of 3 problems on one side only, 'z' for one"),
        ([made("xy")], [made("xy"), made("x", "c")], "w: benchmark 'c' is on one side only"),
        ([made("xy"), made("yz")], [made("xy")], "its seeds hold different problems"),
    ],
)
def test_what_is_on_one_side_only_is_refused(a: list[Counts], b: list[Counts], says: str) -> None:
    with pytest.raises(DataError, match=says):
        match(a, b, where="w", is_common=False)


def test_nothing_in_common_is_refused_even_when_asked() -> None:
    with pytest.raises(DataError, match="no problem is common"):
        match([made("xy")], [made("vw")], where="w", is_common=True)
