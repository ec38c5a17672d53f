"""Print how the race does against the full budget: `python tests/perf/racing.py [draws]`.

The bar: 12 candidates whose true pass@1 on 500 problems of varied difficulty has a standard deviation of .03, full budget 64
samples a problem. The race must pick the true best at least as often as the full budget less 2 points, with at most 30 % of
its samples. Success counts are binomial draws; the full budget's counts are the race's own, drawn on to the end.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from harness import Counts
from harness.estimators import pass_at_k
from harness.racing import Race

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = (0.0, 0.001, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.999, 1.0)


@dataclass(frozen=True, kw_only=True)
class World:
    """What is raced over."""

    candidates: int = 12
    problems: int = 500
    spread: float = 0.03
    """Standard deviation of the candidates' true pass@1."""
    k: int = 1
    budget: int = 64
    centre: float = 0.45


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """What came of the draws: arrays of shape (draws,) or (draws, candidates)."""

    full_hit: NDArray[np.bool_]
    race_hit: NDArray[np.bool_]
    best_stopped: NDArray[np.bool_]
    share: NDArray[np.float64]
    pick: NDArray[np.int64]
    is_best: NDArray[np.bool_]
    rank: NDArray[np.int64]
    stopped: NDArray[np.int64]
    probability: NDArray[np.float64]
    plain: NDArray[np.float64]
    """Errors of the plain estimates."""
    corrected: NDArray[np.float64]
    covered: NDArray[np.bool_]


def success_rates(world: World, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw true success rates whose means over the problems are Gaussian among candidates, shape (candidates, problems).

    Difficulty has a standard deviation of 2 logits; each candidate is at home on some problems more than on others (.7).
    """
    ability = np.clip(rng.normal(world.centre, world.spread, world.candidates), 0.02, 0.98)
    logits = rng.normal(0.0, 2.0, world.problems) + rng.normal(0.0, 0.7, (world.candidates, world.problems))
    low, high = np.full(world.candidates, -12.0), np.full(world.candidates, 12.0)
    for _ in range(40):
        middle = (low + high) / 2.0
        is_low = expit(logits + middle[:, None]).mean(axis=1) < ability
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    rates: NDArray[np.float64] = expit(logits + middle[:, None])
    return rates


def run_one(world: World, rng: np.random.Generator) -> dict[str, object]:
    """Run one race and the full budget on the same draws."""
    rates = success_rates(world, rng)
    truth = (1.0 - (1.0 - rates) ** world.k).mean(axis=1)
    names = [str(at) for at in range(world.candidates)]
    ids = tuple(str(at) for at in range(world.problems))
    race = Race(names, {"b": world.problems}, k=world.k, budget=world.budget)
    correct, drawn = np.zeros(rates.shape, dtype=np.int64), 0
    while (targets := race.next_round()) is not None:
        total = next(iter(targets.values()))
        correct = correct + rng.binomial(total - drawn, rates)
        drawn = total
        for name in targets:
            own = correct[int(name)]
            counts = Counts(benchmark="b", problem_ids=ids, num_samples=np.full(len(ids), total), num_correct=own)
            race.tell(name, [counts])
    correct = correct + rng.binomial(world.budget - drawn, rates)
    full = [pass_at_k(own, world.budget, world.k).mean() for own in correct]
    standing = race.standing()
    best, pick = int(truth.argmax()), int(standing.leader)
    estimates = [racer.estimate for racer in standing.racers]
    stopped = np.array([racer.stopped_in_round or 0 for racer in standing.racers])
    return {
        "full_hit": int(np.argmax(full)) == best,
        "race_hit": pick == best,
        "best_stopped": stopped[best] > 0,
        "share": standing.share,
        "pick": pick,
        "is_best": np.arange(world.candidates) == best,
        "rank": np.argsort(np.argsort(-truth)),
        "stopped": stopped,
        "probability": [racer.probability_best for racer in standing.racers],
        "plain": np.array([racer.uncorrected for racer in standing.racers]) - truth,
        "corrected": np.array([estimate.value for estimate in estimates]) - truth,
        "covered": [e.low <= t <= e.high for e, t in zip(estimates, truth, strict=True)],
    }


def simulate(world: World, draws: int, seed: int) -> Outcomes:
    """Run many races."""
    rng = np.random.default_rng(seed)
    rows = [run_one(world, rng) for _ in range(draws)]
    return Outcomes(**{name: np.array([row[name] for row in rows]) for name in rows[0]})


def print_bar(found: Outcomes) -> None:
    """Print the bar's figures, the reliability of the probabilities and the bias of the estimates."""
    full, race, share = found.full_hit.mean(), found.race_hit.mean(), found.share.mean()
    print(f"picks the true best: full budget {full:.3f}, race {race:.3f} (bar: at least {full - 0.02:.3f})")
    print(f"share of its samples: {share:.3f} (bar: at most .300); 90th percentile {np.quantile(found.share, 0.9):.3f}")
    print(f"the true best was stopped: {found.best_stopped.mean():.3f} (level: at most .050)")
    print(f"nominal 95 % intervals cover: {found.covered.mean():.3f}")
    print("\nprobability of being best on these problems, over all candidates of all races")
    print(f"{'said':>15} {'cases':>7} {'mean said':>10} {'observed':>9} {'error':>7}")
    for low, high in pairwise(BINS):
        inside = (found.probability >= low) & ((found.probability < high) | (high == 1.0))
        if inside.any():
            said, seen = found.probability[inside].mean(), found.is_best[inside].mean()
            error = (said * (1.0 - said) / inside.sum()) ** 0.5
            print(f"{low:>7.3f}-{high:<7.3f} {inside.sum():>7} {said:>10.4f} {seen:>9.4f} {error:>7.4f}")
    print("\nbias of the estimates, in points of pass@1 (100 = 1); the error is the corrected one's, of the simulation")
    print(f"{'candidates':>24} {'cases':>7} {'plain':>8} {'corrected':>10} {'error':>7}")
    draws = len(found.pick)
    rows = {f"true rank {rank + 1}": found.rank == rank for rank in (0, 1, 2, 3, 5, 8, 11)}
    rows |= {f"stopped in round {r}": found.stopped == r for r in range(1, int(found.stopped.max()) + 1)}
    rows["in to the end"] = found.stopped == 0
    rows["picked"] = np.arange(found.plain.shape[1]) == found.pick[:, None]
    for name, inside in rows.items():
        plain, corrected = found.plain[inside] * 100, found.corrected[inside] * 100
        error = corrected.std() / len(corrected) ** 0.5
        print(f"{name:>24} {inside.sum():>7} {plain.mean():>+8.3f} {corrected.mean():>+10.3f} {error:>7.3f}")
    by_rank = [found.corrected[found.rank == rank].mean() for rank in range(found.rank.max() + 1)]
    print(f"largest bias of any true rank, corrected: {100 * np.abs(by_rank).max():.3f} points ({draws} races)")


def print_elsewhere(draws: int) -> None:
    """Print one line each for races of other kinds, where the bar does not ask for anything."""
    worlds = {
        "pass@4": World(k=4),
        "pass@16": World(k=16),
        "30 problems, spread .05": World(problems=30, spread=0.05),
        "100 hard problems": World(problems=100, centre=0.08),
        "2 candidates, spread .01": World(candidates=2, spread=0.01),
        "30 candidates": World(candidates=30),
        "nearly tied, spread .002": World(spread=0.002),
    }
    print(f"\n{'elsewhere':>24} {'full':>6} {'race':>6} {'share':>6} {'best stopped':>13} {'sure (>.95)':>12} {'right':>6}")
    for name, world in worlds.items():
        found = simulate(world, draws, seed=77)
        sure = found.probability > 0.95
        right = found.is_best[sure].mean() if sure.any() else float("nan")
        print(
            f"{name:>24} {found.full_hit.mean():>6.3f} {found.race_hit.mean():>6.3f} {found.share.mean():>6.3f} "
            f"{found.best_stopped.mean():>13.3f} {sure.sum():>12} {right:>6.3f}"
        )


if __name__ == "__main__":
    num_draws = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    began = time.perf_counter()
    print_bar(simulate(World(), num_draws, seed=2026))
    print_elsewhere(max(num_draws // 4, 20))
    print(f"\n{time.perf_counter() - began:.0f} s")
