"""A context as the host lends it to data sources, and files on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from harness import Context

CONTEXT = Context(seed=0, work=Path("unused"), count_tokens=len, progress=print)


@pytest.fixture(name="load")
def load_fixture() -> Callable[..., list[Any]]:
    def load(offer: Any, settings: Mapping[str, Any]) -> list[Any]:
        """Load everything an offer gives for settings as a recipe holds them."""
        adapter: TypeAdapter[Any] = TypeAdapter(offer.params)
        params = adapter.validate_python(dict(settings))
        assert adapter.validate_json(adapter.dump_json(params), strict=True) == params
        return list(offer.load()(params, CONTEXT))

    return load


@pytest.fixture(name="write")
def write_fixture(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: Any, name: str = "rows.jsonl") -> Path:
        """Write rows as JSON Lines; bytes are written as they are."""
        lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
        path = tmp_path / name
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    return write
