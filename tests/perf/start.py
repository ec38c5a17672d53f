"""Start of the command: `harness --help` and `harness plugins list` against an empty Python, medians of paired repetitions.

Run by hand or by `make perf`: python tests/perf/start.py [repetitions]
"""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

HARNESS = str(Path(sys.executable).with_name("harness"))
CASES = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "harness --help": [HARNESS, "--help"],
    "harness plugins list": [HARNESS, "plugins", "list"],
}
BARS_S = {"harness --help": 0.25, "harness plugins list": 0.5}


def seconds(command: list[str]) -> float:
    """Time one whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main(repetitions: int) -> None:
    """Print a table."""
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(repetitions + 1):
        for name, command in CASES.items():
            times[name].append(seconds(command))
    empty = median(times["python -c pass"][1:])
    print(f"{'command':24}{'median s':>10}{'times python':>14}{'bar s':>8}")
    for name, found in times.items():
        middle = median(found[1:])
        print(f"{name:24}{middle:10.3f}{middle / empty:14.1f}{BARS_S.get(name, float('nan')):8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
