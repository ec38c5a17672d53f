"""Counts of examples that curations foretell, against what they leave of real data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from harness import params as settings
from harness.offers import Curation
from harness.plugins import Plugins
from harness.values import Context, Curated, Example

SHORT = {"use": "length-filter", "keep": "shortest", "unit": "characters"}
LONG = {"use": "length-filter", "keep": "longest", "unit": "characters"}
EXACT: list[list[dict[str, Any]]] = [
    [],
    [{"use": "shuffle"}],
    [{"use": "subset", "examples": 30}],
    [{"use": "subset", "examples": 900, "at_most": True}],
    [{**SHORT, "examples": 20}],
    [{**LONG, "share": 0.25}, {"use": "epochs", "epochs": 3}],
    [{"use": "mixture", "parts": [{"curate": [{**SHORT, "examples": 10}]}, {"curate": [{**LONG, "examples": 15}]}]}],
    [{"use": "mixture", "examples": 40, "parts": [{"share": 0.5}, {"share": 0.5, "curate": [{"use": "shuffle"}]}]}],
    [{"use": "mixture", "parts": [{"examples": 10}, {"pool": "other", "examples": 7}]}],
]
UPPER = [
    [{"use": "length-filter", "keep": "between", "unit": "characters", "high": 5}],
    [{"use": "where", "field": "source", "values": ["even"]}],
]
DATA = tuple(
    Example(id=f"e{i}", prompt=f"q{i}", response="w" * (i % 10 + 1), source="odd" if i % 2 else "even") for i in range(100)
)
PLUGINS = Plugins.discover()


def bound(use: Mapping[str, Any]) -> tuple[Curation, Any]:
    offer = PLUGINS.find(Curation, use["use"])
    return offer, settings.build(offer.params, {k: v for k, v in use.items() if k != "use"})


def foretold(chain: Sequence[Mapping[str, Any]], incoming: int | None) -> int | None:
    for use in chain:
        offer, params = bound(use)
        incoming = offer.size(params, incoming, foretold)
    return incoming


def left(chain: Sequence[Mapping[str, Any]]) -> int:
    def run(data: Curated, uses: Sequence[Mapping[str, Any]], _salt: int) -> Curated:
        for use in uses:
            offer, params = bound(use)
            data = offer.load()(data, params, context)
        return data

    silent: Callable[[Any], None] = lambda _progress: None  # noqa: E731
    pools = {"other": tuple(Example(id=f"o{i}", prompt=f"o{i}", response="x") for i in range(9))}
    context = Context(seed=1, work=None, count_tokens=len, progress=silent, pools=pools, curate=run)  # type: ignore[arg-type]
    return len(run(Curated(examples=DATA), chain, 0).examples)


@pytest.mark.parametrize("chain", EXACT, ids=str)
def test_foretold_size_is_what_the_chain_leaves(chain: list[dict[str, Any]]) -> None:
    assert foretold(chain, len(DATA)) == left(chain)


@pytest.mark.parametrize("chain", UPPER, ids=str)
def test_foretold_size_is_a_bound_where_the_data_decide(chain: list[dict[str, Any]]) -> None:
    wanted = foretold(chain, len(DATA))
    assert wanted is not None
    assert left(chain) < wanted


def test_size_is_unknown_where_it_depends_on_a_pool_of_unknown_size() -> None:
    assert foretold([{"use": "mixture", "parts": [{"pool": "other"}]}], 100) is None
    assert foretold([{**LONG, "share": 0.5}], None) is None
    assert foretold([{"use": "subset", "examples": 5}], None) == 5
