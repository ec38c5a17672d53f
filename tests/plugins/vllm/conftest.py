"""An environment with a stand-in for vLLM, and, for tests marked so, one with vLLM itself."""

from __future__ import annotations

import importlib.util
import os
import venv
from pathlib import Path

import pytest

from harness import Context
from harness_plugins.miniature.models import BlankParams, load_blank

SPEC = importlib.util.spec_from_file_location("vllm_stand_in", Path(__file__).with_name("stand_in.py"))
BASE = Path(__file__).parents[3] / "plugins" / "harness_plugins" / "miniature" / "base"


@pytest.fixture(scope="session")
def stand_in_module():
    module = importlib.util.module_from_spec(SPEC)
    SPEC.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory, stand_in_module) -> str:
    """Return the Python of an environment whose vllm is stand_in.py."""
    folder = tmp_path_factory.mktemp("vllm-stand-in")
    venv.EnvBuilder(symlinks=True).create(folder)
    (site,) = folder.glob("lib/python3*/site-packages")
    stand_in_module.write_into(site)
    return str(folder / "bin" / "python")


@pytest.fixture(autouse=True)
def no_gpus(monkeypatch) -> None:
    """Let tests say what GPUs there are."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture(scope="session")
def real_vllm() -> str:
    """Return the Python that has vLLM itself; `make test-vllm` names it."""
    python = os.environ.get("HARNESS_VLLM_PYTHON")
    assert python, "HARNESS_VLLM_PYTHON names no environment; run: make test-vllm"
    return python


@pytest.fixture(scope="session")
def base() -> Path:
    return BASE


@pytest.fixture(scope="session")
def widened(tmp_path_factory):
    """Make a copy of a model with heads of 32 dimensions."""
    spec = importlib.util.spec_from_file_location("padded_heads", Path(__file__).with_name("padded_heads.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def widen(source: Path) -> Path:
        target = tmp_path_factory.mktemp("wide") / "model"
        module.widen(source, target)
        return target

    return widen


@pytest.fixture(scope="session")
def wide_base(widened) -> Path:
    return widened(BASE)


@pytest.fixture(scope="session")
def wide_blank(widened, tmp_path_factory) -> Path:
    """Return the miniature's architecture with random weights."""
    work = tmp_path_factory.mktemp("blank")
    context = Context(seed=0, work=work, count_tokens=len, progress=lambda progress: None)
    return widened(load_blank(BlankParams(), context))
