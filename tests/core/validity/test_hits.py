from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.validity import ProxyColumn, judge
from harness.validity.association import prepare
from harness.validity.hits import HitRate, hit_rate
from harness.validity.splits import split_keys


def hits(x: list[float], y: list[float], k: int, splits: int = 300) -> HitRate:
    return hit_rate(prepare(np.array(x)), prepare(np.array(y)), k, split_keys(len(x), splits, 0))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=6), st.sampled_from([1, 3]))
def test_hit_is_the_share_of_orders_that_break_the_ties(pairs: list[tuple[int, int]], k: int) -> None:
    x, y = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    orders = [order for order in permutations(range(len(x))) if (np.diff(x[list(order)]) <= 0).all()]
    want = np.mean([max(y[list(order[:k])]) == y.max() for order in orders])
    assert hits(x.tolist(), y.tolist(), k).value == pytest.approx(want)


def test_rate_is_a_plain_loop_over_half_boards() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(size=20)
    x = y + rng.normal(size=20)
    for k in (1, 3):
        plain = []
        for row in split_keys(20, 300, 0):
            half = row.argsort()[:10]
            plain.append(y[half].max() in y[half][x[half].argsort()[-k:]])
        found = hits(x.tolist(), y.tolist(), k)
        assert found.rate == pytest.approx(np.mean(plain))
        assert found.chance == k / 10
        assert found.method == "mean over 300 random half-boards of 10 candidates"


def test_rate_of_a_useless_proxy_is_chance_and_of_an_oracle_is_one() -> None:
    rng = np.random.default_rng(2)
    useless = [hits(rng.normal(size=20).tolist(), rng.normal(size=20).tolist(), 3, 20).rate for _ in range(400)]
    assert np.mean(useless) == pytest.approx(0.3, abs=0.04)
    y = rng.normal(size=20).tolist()
    assert hits(y, y, 1).rate == hits(y, y, 1).value == 1.0


def test_rate_is_missing_where_half_a_board_is_no_more_than_the_picks() -> None:
    found = hits([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0], 3)
    assert (found.value, found.rate, found.reason) == (1.0, None, "half of 5 candidates is no more than 3")


def test_judge_hands_the_hits_over() -> None:
    y = np.random.default_rng(3).normal(size=12)
    flat, good = (ProxyColumn(name=n, higher_is_better=True, values=v) for n, v in (("flat", np.ones(12)), ("good", y)))
    undefined, oracle = judge([flat, good], y, families=["a"] * 12, baseline="good", resamples=50, splits=50)
    assert undefined.to_json()["top1_hit"] == {
        "value": None,
        "rate": None,
        "chance": None,
        "method": "",
        "reason": "constant: 1 for every candidate",
    }
    assert (oracle.top1_hit.value, oracle.top3_hit.rate) == (1.0, 1.0)
    assert oracle.to_json()["top3_hit"]["chance"] == 0.5
