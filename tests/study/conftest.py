"""Fixtures: the small study, and its undisturbed run."""

import json
from pathlib import Path

import pytest

from study.small_study import SMALL, Harness


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    recipe = tmp_path / "small.json"
    recipe.write_text(json.dumps(SMALL))
    return Harness(tmp_path, recipe)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path]:
    """The small study's result when nothing happens, and its store."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "small.json").write_text(json.dumps(SMALL))
    store = folder / "store"
    return Harness(folder, folder / "small.json").finish(store), store
