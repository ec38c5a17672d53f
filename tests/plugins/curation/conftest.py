"""A context as the host lends it to curations, with real nested chains over the real offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from harness import Context, Curated, Curation, Example
from harness_plugins import curation


def offers() -> dict[str, Curation]:
    modules = [getattr(curation, name) for name in curation.__all__]
    return {offer.name: offer for module in modules for offer in module.harness_curations()}


def run(data: Curated, settings: Mapping[str, Any], context: Context) -> Curated:
    """Run one `{"use": …}` object the way a recipe would."""
    offer = offers()[settings["use"]]
    params = TypeAdapter(offer.params).validate_python({k: v for k, v in settings.items() if k != "use"})
    curated: Curated = offer.load()(data, params, context)
    return curated


def make_context(seed: int = 0, **rest: Any) -> Context:
    def curate(data: Curated, chain: Sequence[Mapping[str, Any]], salt: int) -> Curated:
        for settings in chain:
            data = run(data, settings, replace(context, seed=seed * 1000 + salt))
        return data

    context = Context(
        seed=seed, work=Path("unused"), count_tokens=lambda text: len(text.split()), progress=print, curate=curate, **rest
    )
    return context


def make_examples(num: int, source: str = "s", prefix: str = "e") -> tuple[Example, ...]:
    """Examples with responses of 1, 2, 3 … words, over and over again up to 10."""
    return tuple(
        Example(id=f"{prefix}{i}", prompt=f"{prefix} question {i}", response=" ".join("w" * (i % 10 + 1)), source=source)
        for i in range(num)
    )


@pytest.fixture(name="run", scope="session")
def run_fixture() -> Callable[..., Curated]:
    return run


@pytest.fixture(name="make_context", scope="session")
def make_context_fixture() -> Callable[..., Context]:
    return make_context


@pytest.fixture(name="make_examples", scope="session")
def make_examples_fixture() -> Callable[..., tuple[Example, ...]]:
    return make_examples


@pytest.fixture(name="offers", scope="session")
def offers_fixture() -> dict[str, Curation]:
    return offers()
