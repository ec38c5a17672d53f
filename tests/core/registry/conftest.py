"""Fixtures: a run, and a registry of one's own to spoil."""

import shutil
from pathlib import Path

import pytest

from core.registry.made_up import make_registry, make_run
from harness.registry import Run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def clean(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with one entry, which nobody may touch."""
    return make_registry(tmp_path_factory.mktemp("clean"), run)


@pytest.fixture
def registry(clean: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(clean, tmp_path / "registry"))
