import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import UserError
from harness.validity import pareto

NUMBER = st.one_of(st.none(), st.integers(0, 4).map(float))


def test_pareto_names_who_makes_a_proxy_pointless() -> None:
    points = pareto([("pass@1", 0.6, 16.0), ("pass@64", 0.9, 64.0), ("loss", 0.6, 1.0), ("slow", 0.8, 99.0)])
    assert [point.on_front for point in points] == [False, True, True, False]
    assert [point.dominated_by for point in points] == [("loss",), (), (), ("pass@64",)]
    json.dumps([point.to_json() for point in points], allow_nan=False)


def test_equals_do_not_dominate_each_other() -> None:
    assert [point.on_front for point in pareto([("a", 0.5, 2.0), ("b", 0.5, 2.0)])] == [True, True]


def test_a_proxy_without_quality_or_cost_is_not_placed() -> None:
    points = pareto([("a", None, 1.0), ("b", 0.9, math.nan), ("c", 0.1, 5.0)])
    assert [(point.on_front, point.reason) for point in points] == [
        (None, "its quality is undefined"),
        (None, "its cost is undefined"),
        (True, None),
    ]
    json.dumps([point.to_json() for point in points], allow_nan=False)


@given(st.lists(st.tuples(NUMBER, NUMBER), max_size=8))
def test_the_front_is_what_nothing_dominates(table: list[tuple[float | None, float | None]]) -> None:
    points = pareto([(str(i), quality, cost) for i, (quality, cost) in enumerate(table)])
    for point in points:
        if point.on_front is None or point.quality is None or point.cost is None:
            continue
        better = [
            other.name
            for other in points
            if other.quality is not None
            and other.cost is not None
            and other.quality >= point.quality
            and other.cost <= point.cost
            and (other.quality > point.quality or other.cost < point.cost)
        ]
        assert list(point.dominated_by) == better and point.on_front == (not better)


def test_pareto_refuses_two_of_one_name() -> None:
    with pytest.raises(UserError, match="two rows are called 'a'"):
        pareto([("a", 1.0, 1.0), ("a", 2.0, 2.0)])
