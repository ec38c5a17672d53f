"""Whatever a file holds, the loader loads it or raises a UserError of printable lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.recipe import components
from core.recipe.broken import EDITS
from harness import UserError
from harness.plugins import Plugins
from harness.recipe import load

GOOD = (Path(__file__).parent / "good.json").read_text()
PLUGINS = Plugins.of(components)
WORDS = sorted(
    {*json.loads(GOOD), "use", "name", "subset", "mixture", "plain-sft", "pass@k", "$examples", "{x}", "..", "k", ""}
)

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**20)
    | st.floats(allow_nan=True)
    | st.text(max_size=6)
    | st.sampled_from(WORDS)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=15,
)
fuzzed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def file(folder: Path) -> Path:
    return folder / "r.json"


def survive(file: Path, content: bytes) -> bool:
    """Load a file; return whether it was good."""
    file.write_bytes(content)
    try:
        load(file, PLUGINS)
    except UserError as error:
        lines = str(error).splitlines()
        assert lines
        assert all(line.isprintable() and line.startswith(f"{file}:") and "; " in line for line in lines), lines
        return False
    return True


@fuzzed
@given(content=st.binary(max_size=200))
def test_loader_survives_random_bytes(content: bytes, file: Path) -> None:
    assert not survive(file, content)


@fuzzed
@given(value=values)
def test_loader_survives_random_json(value: Any, file: Path) -> None:
    assert not survive(file, json.dumps(value).encode())


@fuzzed
@given(data=st.data())
def test_loader_survives_mutated_recipes(data: st.DataObject, file: Path) -> None:
    raw = json.loads(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        where = data.draw(st.sampled_from(_places(raw)))
        parent = raw
        for step in where[:-1]:
            parent = parent[step]
        last: Any = where[-1]
        change = data.draw(st.sampled_from(["set", "set", "remove", "copy", "add"]))
        if change == "set":
            parent[last] = data.draw(values)
        elif change == "remove":
            del parent[last]
        elif change == "copy":
            other = raw
            for step in data.draw(st.sampled_from(_places(raw))):
                other = other[step]
            parent[last] = json.loads(json.dumps(other))
        elif isinstance(parent, dict):
            parent[data.draw(st.text(max_size=5) | st.sampled_from(WORDS))] = data.draw(values)
        else:
            parent.append(data.draw(values))
        if not _places(raw):
            break
    survive(file, json.dumps(raw).encode())


@fuzzed
@given(data=st.data())
def test_loader_survives_edited_text(data: st.DataObject, file: Path) -> None:
    text = data.draw(st.sampled_from([GOOD, *(edit.of(GOOD) for edit in EDITS[:40])]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    survive(file, (text[:start] + data.draw(st.text(max_size=4)) + text[end:]).encode())


def _places(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for step, inner in items for p in ((*where, step), *_places(inner, (*where, step)))]
