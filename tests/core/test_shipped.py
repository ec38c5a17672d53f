"""Shipped recipes are found by name, in a checkout and in an installed wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import MissingError, Proxy, RecipeError
from harness.plugins import Plugins
from harness.recipe import load
from harness.shipped import shipped, shipped_names

REPOSITORY = Path(__file__).parents[2]


def test_shipped_recipe_is_found_with_and_without_its_ending() -> None:
    assert (
        shipped("recipes", "quickstart") == shipped("recipes", "quickstart.json") == REPOSITORY / "recipes/quickstart.json"
    )
    assert "quickstart.json" in shipped_names("recipes")


def test_shipped_suggests_the_nearest_name_and_never_leaves_its_tree() -> None:
    with pytest.raises(MissingError, match="did you mean 'quickstart'"):
        shipped("recipes", "quikstart")
    for name in ("../pyproject.toml", "/etc/passwd", ".."):
        with pytest.raises(MissingError):
            shipped("recipes", name)


def test_recipe_loads_by_its_shipped_name_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = load("quickstart", Plugins.discover())
    assert recipe.path == REPOSITORY / "recipes/quickstart.json"
    (tmp_path / "quickstart").write_text("{}")
    with pytest.raises(RecipeError, match="quickstart:1: "):
        load("quickstart", Plugins.discover())


def test_shipped_recipe_is_found_in_the_layout_of_a_wheel(tmp_path: Path) -> None:
    package = tmp_path / "harness"
    shutil.copytree(REPOSITORY / "core/harness", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "recipes", package / "shipped/recipes")
    start = "import sys; sys.path.insert(0, sys.argv[1]); from harness.shipped import shipped; "
    find = f"{start}print(shipped('recipes', 'quickstart'))"
    command = [sys.executable, "-c", find, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == str(package / "shipped/recipes/quickstart.json")


def test_every_proxy_recipe_lists_every_proxy_that_comes_with_the_harness() -> None:
    plugins = Plugins.discover()
    shipped_ones = {
        name for name in plugins.offers(Proxy) if plugins.owner_of("proxy", name).startswith("posttrain-harness ")
    }
    listed = {use.offer.name for use in load("every-proxy", plugins).proxies}
    assert shipped_ones and shipped_ones <= listed
