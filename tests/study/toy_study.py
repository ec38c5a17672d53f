"""A study of toy components: a second of host, no torch."""

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from study.small_study import COMMAND

PLUGIN = Path(__file__).with_name("toy_plugin.py")

TOY: dict[str, Any] = {
    "schema_version": 1,
    "name": "toy",
    "base": {"use": "toy-model"},
    "data": {
        "sft": {"use": "toy-data", "rows": 40},
        "heldout": {"use": "toy-data", "rows": 16},
        "rl": {"use": "toy-data"},
    },
    "candidates": [
        {"name": "all"},
        {"name": "half", "curate": [{"use": "subset", "examples": 20}, {"use": "epochs", "epochs": 2}]},
        {"name": "short", "curate": [{"use": "length-filter", "keep": "shortest", "examples": 10}]},
        {"name": "base", "sft": None},
    ],
    "sft": {"use": "toy-sft"},
    "rl": {"use": "toy-rl", "evaluate_at": [5]},
    "engine": {"use": "toy-engine"},
    "benchmarks": [{"use": "toy-bench", "rows": 6}],
    "proxies": ["pass@1", "pass@8", "generalization-loss", "fixed-set-loss"],
    "outcome": {"metric": "pass@1", "samples": 8},
    "execution": {"use": "local-processes", "workers": 1},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The toy recipe with one value changed: "candidates.0.curate"."""
    recipe = copy.deepcopy(TOY)
    place: Any = recipe
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        place = place[part]
    place[last] = value
    return recipe


def invoke(folder: Path, recipe: dict[str, Any], command: str = "run", *more: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a recipe as people do, with the store in `folder`; real worker processes."""
    file = folder / "toy.json"
    file.write_text(json.dumps(recipe))
    return subprocess.run(
        [str(COMMAND), command, str(file), "--store", str(folder / "store"), "--plugin", str(PLUGIN), *more],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "HARNESS_PROGRESS": "off"},
        check=False,
    )


def loaded(recipe: dict[str, Any]) -> Any:
    """The plan of a recipe."""
    from harness import plan
    from harness.plugins import Plugins
    from harness.recipe import load

    plugins = Plugins.discover([PLUGIN])
    return plan.build(load(recipe, plugins), plugins)
