"""Every curation has a complete offer, a schema, and settings that survive JSON."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from harness import Curation
from harness_plugins import curation

SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("subset", {"examples": 5}),
    ("subset", {"examples": 5, "choose": "first", "at_most": True}),
    ("epochs", {"epochs": 3}),
    ("length-filter", {"keep": "shortest", "examples": 5, "per_source": True}),
    ("length-filter", {"keep": "longest", "share": 0.5, "unit": "characters"}),
    ("length-filter", {"keep": "between", "low": 0, "high": 0}),
    ("length-filter", {"keep": "between", "low_quantile": 0.2, "per_source": True}),
    ("mixture", {"parts": [{"curate": [{"use": "subset", "examples": 5}], "examples": 3}, {"pool": "rl"}]}),
    ("mixture", {"parts": [{"share": 0.1}, {"share": 0.2}, {"share": 0.7}], "examples": 9}),
    ("dedupe", {"near": 0.8, "by": "prompt", "ngram": 5, "ignore_case": True}),
    ("difficulty", {"keep": "between", "low": 0.1, "high": 0.9, "unknown": "drop"}),
    ("difficulty", {"keep": "hardest", "share": 1.0}),
    ("where", {"field": "style", "values": ["terse"], "drop": True}),
    ("shuffle", {}),
]
BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("subset", {"examples": 0}, "greater than or equal to 1"),
    ("epochs", {}, "required"),
    ("length-filter", {"keep": "shortest"}, "give exactly one"),
    ("length-filter", {"keep": "shortest", "examples": 1, "share": 0.5}, "give exactly one"),
    ("length-filter", {"keep": "longest", "examples": 1, "low": 3}, "use keep 'between'"),
    ("length-filter", {"keep": "between"}, "'low'/'high' or"),
    ("length-filter", {"keep": "between", "low": 1, "low_quantile": 0.5}, "'low'/'high' or"),
    ("length-filter", {"keep": "between", "low": 1, "examples": 4}, "no size"),
    ("length-filter", {"keep": "between", "low": 4, "high": 3}, "swap them"),
    ("length-filter", {"keep": "between", "low_quantile": 0.5, "high_quantile": 0.5}, "swap them"),
    ("length-filter", {"keep": "between", "low": 4, "per_source": True}, "changes nothing"),
    ("mixture", {"parts": []}, "at least 1"),
    ("mixture", {"parts": [{"share": 0.5}, {"share": 0.6}]}, "sum to 1.1"),
    ("mixture", {"parts": [{"share": 0.5}, {"examples": 6}]}, "some parts have 'share'"),
    ("mixture", {"parts": [{"share": 1.0, "examples": 6}]}, "no 'examples'"),
    ("mixture", {"parts": [{}], "examples": 6}, "needs a 'share'"),
    ("dedupe", {"near": 0.0}, "greater than 0"),
    ("difficulty", {"keep": "between"}, "'low' or 'high'"),
    ("difficulty", {"keep": "easiest", "examples": 4, "low": 0.1}, "use keep 'between'"),
    ("difficulty", {"keep": "between", "low": 0.5, "high": 0.4}, "swap them"),
    ("where", {"field": "style", "values": []}, "at least 1"),
]


def test_package_offers_every_curation_of_the_design(offers: dict[str, Curation]) -> None:
    wanted = {"subset", "epochs", "length-filter", "mixture", "dedupe", "difficulty", "where", "shuffle"}
    assert set(offers) == wanted
    assert {name for name, offer in offers.items() if offer.needs_pass_rates} == {"difficulty"}
    assert {name for name, offer in offers.items() if offer.needs_pools} == {"mixture"}


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_params_are_the_same_after_a_round_trip_through_json(
    offers: dict[str, Curation], name: str, settings: dict[str, Any]
) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(offers[name].params)
    params = adapter.validate_python(settings)
    assert adapter.validate_json(adapter.dump_json(params), strict=True) == params
    assert set(settings) <= set(adapter.json_schema()["properties"])


@pytest.mark.parametrize(("name", "settings", "said"), BROKEN)
def test_params_refuse_settings_that_make_no_sense(
    offers: dict[str, Curation], name: str, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(offers[name].params).validate_python(settings)


def test_offering_imports_nothing_heavy() -> None:
    script = f"import sys, {curation.__name__}; print([m for m in ('numpy', 'pydantic', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
