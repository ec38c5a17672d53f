import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness import DataError, UserError
from harness.validity import ProxyColumn, agreement

READING = st.one_of(st.integers(0, 4), st.none())
TABLES = st.lists(st.tuples(READING, READING), min_size=1, max_size=12)


def column(name: str, values: list[float | None] | np.ndarray, *, higher: bool = True) -> ProxyColumn:
    return ProxyColumn(name=name, higher_is_better=higher, values=np.array(values, dtype=float))


@given(TABLES)
def test_agreement_is_what_pairs_counted_one_by_one_say(rows: list[tuple[int | None, int | None]]) -> None:
    a, b = (list(side) for side in zip(*rows, strict=True))
    found = agreement([column("a", a), column("b", b)])
    json.dumps(found.to_json(), allow_nan=False)
    both = [(x, y) for x, y in rows if x is not None and y is not None]
    scores = [
        0.5 if x == u or y == v else float((x < u) == (y < v))
        for (x, y), (u, v) in combinations(both, 2)
        if x != u or y != v
    ]
    want = np.mean(scores) if scores else None
    assert found.pairs_agreed[0][1] == found.pairs_agreed[1][0] == (want if want is None else pytest.approx(want))
    xs, ys = ([pair[side] for pair in both] for side in (0, 1))
    if len(set(xs)) > 1 and len(set(ys)) > 1:
        assert found.spearman[0][1] == pytest.approx(stats.spearmanr(xs, ys).statistic, abs=1e-12)
    else:
        assert found.spearman[0][1] is None
    tops = {i for i, x in enumerate(xs) if x == max(xs)} & {i for i, y in enumerate(ys) if y == max(ys)} if both else None
    assert found.same_pick[0][1] == (None if tops is None else bool(tops))


def test_agreement_applies_directions_and_names_the_picks() -> None:
    values = np.array([0.1, 0.9, 0.9, 0.3])
    found = agreement([column("up", values), column("down", -values, higher=False), column("against", -values)])
    assert found.names == ("up", "down", "against")
    assert found.picks == ((1, 2), (1, 2), (0,))
    assert found.spearman[0] == (1.0, 1.0, -1.0)
    assert found.same_pick[0] == (True, True, False)
    assert found.pairs_agreed[0][2] == 0.0


def test_agreement_is_undefined_where_a_proxy_is() -> None:
    found = agreement([column("none", np.full(4, np.nan)), column("flat", np.ones(4))])
    assert found.picks == ((), (0, 1, 2, 3))
    assert found.spearman == ((None, None), (None, None))
    assert found.same_pick[0] == (None, None)
    assert found.pairs_agreed == ((None, None), (None, None))
    assert agreement([]).names == ()


def test_pairs_agreed_follow_from_kendalls_tau_however_many_candidates_there_are() -> None:
    values = np.random.default_rng(0).normal(size=(4, 1500))  # two blocks of candidates
    found = agreement([column(str(i), row) for i, row in enumerate(values)])
    for i, j in combinations(range(4), 2):
        tau = stats.kendalltau(values[i], values[j]).statistic
        assert found.pairs_agreed[i][j] == pytest.approx((1 + tau) / 2, abs=1e-12)


def test_agreement_refuses_what_does_not_fit() -> None:
    with pytest.raises(DataError, match="proxy 'b': 2 entries for 3 candidates"):
        agreement([column("a", np.ones(3)), column("b", np.ones(2))])
    with pytest.raises(UserError, match="two proxies are called 'a'"):
        agreement([column("a", np.ones(3)), column("a", np.ones(3))])
