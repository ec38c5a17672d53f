"""A good recipe in a folder of its own, and the plug-in it uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.recipe import components
from harness.plugins import Plugins

HERE = Path(__file__).parent


@pytest.fixture
def good() -> str:
    return (HERE / "good.json").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the local files the good recipe names."""
    (tmp_path / "held.jsonl").write_text('{"prompt": "1+1", "response": "2"}\n')
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "runs/ckpt").mkdir(parents=True)
    (tmp_path / "runs/ckpt/config.json").write_text("{}")
    return tmp_path


@pytest.fixture
def plugins() -> Plugins:
    return Plugins.of(components)
