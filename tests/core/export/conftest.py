"""A finished toy study, and the package inspect_ai beside our own packages (its own pins need not fit ours)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from study.toy_study import TOY, invoke

INSPECT = "inspect_ai==0.3.285"
BESIDE = (
    "botocore docstring_parser ijson jmespath jsonlines jsonpatch jsonpointer mmh3 nest_asyncio2 platformdirs python-dotenv"
    " semver shortuuid tenacity textual zipfile-zstd zstandard"
)
"""What it imports to write and read logs and what our own packages do not bring."""


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study with two benchmarks and one candidate trained."""
    folder = tmp_path_factory.mktemp("exported")
    second = {"use": "toy-bench", "name": "second bench", "rows": 3}
    recipe = {**TOY, "candidates": TOY["candidates"][:2], "benchmarks": [*TOY["benchmarks"], second]}
    done = invoke(folder, recipe)
    assert done.returncode == 0, done.stderr
    return next((folder / "store" / "studies").iterdir())


@pytest.fixture(scope="session")
def inspect_folder(pytestconfig: pytest.Config) -> Path:
    """A folder to put last on sys.path; filled once and kept in pytest's cache."""
    folder = Path(pytestconfig.cache.mkdir("inspect")) / INSPECT.replace("==", "-")
    with FileLock(f"{folder}.lock"):
        if not (folder / "whole.json").is_file():
            command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder)]
            subprocess.run([*command, INSPECT, *BESIDE.split()], check=True)
            (folder / "whole.json").write_text(json.dumps(INSPECT))
    return folder
