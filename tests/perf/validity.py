"""Time all of validity from counts; run by hand: `OMP_NUM_THREADS=1 python tests/perf/validity.py [candidates]`.

30 candidates x 7 benchmarks x 500 problems with the outcome at two amounts of RL, 20 proxies, 10,000 resamples: pass@k, the
board, validity along RL, predictors, calibration, agreement, k sweep, benchmarks, the noise ceiling, the chance that each
candidate is best, and what RL gained. Each run is a fresh process; the bar is 3 s and 1 GB on one core. Processor time
stands beside the clock's, for machines that are busy with something else; imports are counted apart.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from harness import Counts

RUNS = 3
BENCHMARKS, PROBLEMS, SAMPLES, OUTCOME_SAMPLES = 7, 500, 64, 16
PROXIES = 20
SEED = 3


def draw(rng: np.random.Generator, skills: np.ndarray, samples: int) -> dict[str, list[Counts]]:
    """Draw binomial counts of every candidate on problems of varied difficulty."""
    from harness import Counts

    difficulty = rng.logistic(0.0, 2.0, (BENCHMARKS, PROBLEMS))
    rates = 1.0 / (1.0 + np.exp(difficulty[None] - skills[:, None, None]))
    right = rng.binomial(samples, rates)
    ids = [tuple(f"{b}/{p}" for p in range(PROBLEMS)) for b in range(BENCHMARKS)]
    return {
        f"candidate {c}": [
            Counts(
                benchmark=f"benchmark {b}",
                problem_ids=ids[b],
                num_samples=np.full(PROBLEMS, samples),
                num_correct=right[c, b],
            )
            for b in range(BENCHMARKS)
        ]
        for c in range(len(skills))
    }


def judge_all(pre: dict[str, list[Counts]], ends: dict[float, dict[str, list[Counts]]], rng: np.random.Generator) -> None:
    """Work everything out that result.json says of validity."""
    from harness import validity
    from harness.assessment import Board, assess

    after = {step: validity.pass_table(counts, [1]) for step, counts in ends.items()}
    passes = validity.pass_table(pre)
    last = ends[max(ends)]
    readings = {f"pass@{k}": values for k, values in passes.overall().items()}
    readings |= {f"proxy {i}": rng.normal(size=len(pre)) for i in range(PROXIES - len(readings))}
    cost = {"seconds": 1.0}
    board = Board(
        columns=tuple(validity.ProxyColumn(name=n, higher_is_better=True, values=v, cost=cost) for n, v in readings.items()),
        families=("base",) * len(pre),
        outcomes={step: table.overall()[1] for step, table in after.items()},
        baseline="pass@1",
        primary="pass@64",
        outcome_se=np.array(list(validity.relative_errors(last, 1).values())),
        outcome_seeds=np.stack([table.overall()[1] for table in after.values()]),
        pass_at=passes.overall(),
        passes=passes,
        benchmark_outcomes={name: after[max(after)].on(name)[1] for name in passes.benchmarks},
    )
    found = assess(board, seed=SEED)
    validity.probability_best(pre, SAMPLES)
    validity.rl_gain(pre, last)
    json.dumps(found, allow_nan=False)


def measure(candidates: int) -> dict[str, float]:
    """Run once in this process."""
    rng = np.random.default_rng(SEED)
    skills = rng.normal(0.0, 0.5, candidates)
    start = time.perf_counter()
    import harness.assessment  # noqa: F401 - timed apart

    imported = time.perf_counter() - start
    pre = draw(rng, skills, SAMPLES)
    ends = {float(step): draw(rng, skills + rng.normal(0.5, 0.2, candidates), OUTCOME_SAMPLES) for step in (40, 80)}
    start, processor = time.perf_counter(), time.process_time()
    judge_all(pre, ends, rng)
    return {
        "imports": imported,
        "seconds": time.perf_counter() - start,
        "processor": time.process_time() - processor,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main(candidates: int) -> None:
    """Print the median of several fresh processes."""
    command = [sys.executable, __file__, "--one", str(candidates)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, env=environment).stdout) for _ in range(RUNS)
    ]
    middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    each = ", ".join(f"{run['seconds']:.2f}" for run in runs)
    what = f"{candidates} candidates x {BENCHMARKS} benchmarks x {PROBLEMS} problems, {PROXIES} proxies, 10,000 resamples"
    print(f"all of validity from counts ({what}), one core, median of {RUNS}:")
    print(f"{middle['seconds']:.2f} s (each: {each}), {middle['processor']:.2f} s of processor time")
    print(f"imports {middle['imports']:.2f} s more; peak memory {middle['peak_mb']:.0f} MB, the counts included")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
