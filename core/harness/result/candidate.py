"""What result.json says of one candidate: its readings, pass@k before and after RL, and what RL gained it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.estimators import benchmark_pass_at_k, mean_pass_at_k, paired_difference

if TYPE_CHECKING:
    from harness.result.measured import Measured, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is measured after RL: mean pass@k over the benchmarks."""

    k: int

    def of(self, phase: Phase) -> dict[str, Any]:
        """Return the estimate over all seeds (the interval speaks of problems), and each seed's own."""
        estimate = mean_pass_at_k(phase.all, self.k).to_json()
        seeds = {seed: mean_pass_at_k(counts, self.k).value for seed, counts in phase.by_seed.items()}
        values = [v for v in seeds.values() if v is not None]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
        return {**estimate, "seeds": {str(s): v for s, v in seeds.items()}, "seed_sd": spread}

    def value(self, phase: Phase) -> float:
        """Return the mean over seeds."""
        value = mean_pass_at_k(phase.all, self.k).value
        return float("nan") if value is None else value


def candidate_entry(one: Measured, outcome: Outcome) -> dict[str, Any]:
    """Return a candidate's entry, JSON-safe."""
    pre, post = one.pre, one.post
    after = benchmark_pass_at_k(post.all, outcome.k) if post else {}
    return {
        "name": one.name,
        "family": one.facts["family"],
        "kind": one.facts["kind"],
        "details": one.facts["details"],
        "curation": one.facts["curation"],
        "examples": one.examples,
        "epochs": one.epochs,
        "train_tokens": one.train_tokens,
        "proxies": {name: reading.to_json() for name, reading in one.readings.items()},
        "pre": _pass_at(pre),
        "post": _pass_at(post) if post else None,
        "outcome": outcome.of(post) if post else None,
        "gain": paired_difference(post.all, pre.all, outcome.k).to_json() if post else None,
        "along": [
            {"step": step, "rl_tokens": one.rl_tokens[step], "outcome": outcome.of(phase)}
            for step, phase in one.along.items()
        ],
        "per_benchmark": {
            name: {"pre": estimate.to_json(), "post": after[name].to_json() if post else None}
            for name, estimate in benchmark_pass_at_k(pre.all, outcome.k).items()
        },
    }


def _pass_at(phase: Phase) -> dict[str, Any]:
    """Return pass@k for k = 1, 2, 4, … up to the samples drawn."""
    most = phase.num_samples
    ks = [2**i for i in range(most.bit_length()) if 2**i <= most]
    return {f"pass@{k}": mean_pass_at_k(phase.all, k).to_json() for k in ks}
