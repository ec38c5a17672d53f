"""A server in this process, and served checkpoints."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from harness import Context
from harness_plugins.openai.engine import Params, open_engine
from harness_plugins.openai.served import Params as Served
from harness_plugins.openai.served import name_served

BASE = Path(__file__).parents[3] / "plugins" / "harness_plugins" / "miniature" / "base"


@pytest.fixture(scope="session")
def rules():
    spec = importlib.util.spec_from_file_location("completions_server", Path(__file__).with_name("completions_server.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server(rules):
    with rules.serve() as running:
        yield running


@pytest.fixture
def served(tmp_path):
    """Make the folder of a served model, with or without the miniature's tokenizer."""

    def make(model: str = "m", tokenizer: Path | None = BASE) -> Path:
        context = Context(seed=0, work=tmp_path, count_tokens=len, progress=lambda progress: None)
        return name_served(Served(model=model, revision="1", tokenizer=tokenizer), context)

    return make


@pytest.fixture
def open_it(server, served):
    """Open the engine on a served model; waits between retries are short."""

    def open_(checkpoint: Path | None = None, **settings):
        defaults = {"base_url": server.url, "backoff_s": 0.001, "timeout_s": 20.0, "retries": 2}
        return open_engine(checkpoint or served(), Params(**defaults | settings))

    return open_


@pytest.fixture
def base() -> Path:
    return BASE
