"""Print what the report of a large study takes: `python tests/perf/report.py [problems]`.

The bars: 7 benchmarks x 500 problems x 64 samples x 12 candidates (2.7 million samples of about 600 characters) in under
60 s and 2 GB; the page under 30 MB and painted in under 2 s. Building is measured in a process of its own, painting where
there is a chromium.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from core.report.made_up_study import Shape, make_study

CANDIDATES = 12
BENCHMARKS = 7
SAMPLES = {"pre": 48, "post": 16}
WORDS = 100
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


def make(folder: Path, problems: int) -> Path:
    """Write the study; texts are words drawn from a Zipf law, different for every sample."""
    rng = np.random.default_rng(0)
    vocabulary = np.array(["".join(map(chr, rng.integers(97, 123, rng.integers(2, 9)))) for _ in range(5000)], dtype=object)
    pool = [" ".join(vocabulary[np.minimum(rng.zipf(1.3, WORDS), 5000) - 1]) for _ in range(4000)]

    def write(candidate: int, place: int, is_correct: bool) -> str:
        return (
            f"{candidate}-{place} {pool[(candidate * 7919 + place) % len(pool)]} so the answer is {2 if is_correct else 3}"
        )

    shape = Shape(
        study="large",
        candidates=[f"candidate {i}" for i in range(CANDIDATES)],
        benchmarks=[f"benchmark {i}" for i in range(BENCHMARKS)],
        problems=problems,
        samples=SAMPLES,
        prompt=" ".join(vocabulary[:60]),
    )
    return make_study(folder, shape, write)


def painted(page: Path) -> dict[str, float]:
    """Return milliseconds to the first paint and to the first page of samples; empty without a chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        return {}
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        view = browser.new_context(offline=True).new_page()
        view.goto(page.as_uri())
        paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
        while (first := view.evaluate(paint)) is None:
            view.wait_for_timeout(20)
        start = time.perf_counter()
        view.evaluate("document.getElementById('samples').scrollIntoView({behavior: 'instant'})")
        while not view.locator("#sample-list > li").count():
            view.wait_for_timeout(10)
        listed = (time.perf_counter() - start) * 1000
        start = time.perf_counter()
        view.locator("select[name=candidate]").select_option(index=5)
        while "candidate 4" not in view.locator("#sample-list h3").first.inner_text():
            view.wait_for_timeout(5)
        filtered = (time.perf_counter() - start) * 1000
        browser.close()
    return {"first paint": first, "samples listed": listed, "filtered": filtered}


def main() -> None:
    """Make the study, build its report, and print the figures."""
    problems = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        result = make(Path(folder), problems)
        total = CANDIDATES * BENCHMARKS * problems * sum(SAMPLES.values())
        print(f"{total:,} samples written in {time.perf_counter() - start:.0f} s (not measured)")
        start = time.perf_counter()
        subprocess.run(
            [Path(sys.executable).with_name("harness"), "report", result.parent], check=True, stdout=subprocess.DEVNULL
        )
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
        page = result.with_name("report.html")
        print(f"built in {seconds:.1f} s, peak {peak:.2f} GB, {page.stat().st_size / 1e6:.1f} MB")
        for what, milliseconds in painted(page).items():
            print(f"{what}: {milliseconds:.0f} ms")


if __name__ == "__main__":
    main()
