"""`harness plan` of the largest recipe shipped, as a whole process, on an empty store: medians.

Run by hand or by `make perf`: python tests/perf/plan.py [repetitions]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HARNESS = str(Path(sys.executable).with_name("harness"))
RECIPES = sorted(Path(__file__).parents[2].glob("recipes/paper/*.json"))
BAR_S = 2.0


def seconds(command: list[str]) -> tuple[float, float]:
    """Time one whole process: wall, and processor time."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def main(repetitions: int) -> None:
    """Find the recipe with the most steps and print a row for each form of output."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = {}
        for path in RECIPES:
            command = [HARNESS, "plan", str(path), "--store", folder, "--json"]
            found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            sizes[path] = (found["num_steps"], found["runs"])
        largest = max(RECIPES, key=lambda path: sizes[path])
        print(f"{largest.stem}: {sizes[largest][1]} runs, {sizes[largest][0]} steps; bar {BAR_S} s")
        for name, more in (("table", []), ("--json", ["--json"])):
            times = [seconds([HARNESS, "plan", str(largest), "--store", folder, *more]) for _ in range(repetitions + 1)][1:]
            print(f"{name:10}{median(t[0] for t in times):8.2f} s wall{median(t[1] for t in times):8.2f} s of a processor")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
