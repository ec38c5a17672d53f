"""Rank with a race: sample in rounds, and stop the checkpoints that cannot be best any more.

Each round plans the sampling and grading of the survivors in the same store, in blocks that end where rounds end; so a
killed race goes on, and asks for nothing twice.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from harness import digest as digests
from harness import plan as planning
from harness import study
from harness.digest import of_json
from harness.errors import UserError
from harness.evidence import read_counts
from harness.racing import Race
from harness.racing.schedule import rounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from harness.plan import Plan
    from harness.plugins import Plugins
    from harness.racing import Standing
    from harness.recipe import Recipe
    from harness.step import Step
    from harness.store import Store
    from harness.values import Counts

WARNING = "samples were drawn in rounds, and candidates stopped early have fewer than others; see the race"


def run_race(recipe: Recipe, plugins: Plugins, store: Store, *, k: int) -> tuple[dict[str, Any], Path, Standing]:
    """Run a ranking in rounds to its end, or go on with it.

    Args:
        recipe: candidates with checkpoints and no rl; every benchmark has the same samples, which are the budget.
        plugins: whose components it names.
        store: where artifacts go.
        k: of the pass@k that is raced for.

    Returns:
        result.json as a mapping, its path, and how the race ended.

    Raises:
        StepFailedError, MissingError, StoreError, KeyboardInterrupt: as `study.run`.
    """
    sampler = _Rounds(replace(recipe, warnings=(*recipe.warnings, WARNING)), plugins, store)
    race = Race(
        [candidate.name for candidate in recipe.candidates],
        sampler.count_problems(),
        k=k,
        budget=recipe.benchmarks[0].samples,
        seed=recipe.seeds[0],
    )
    number = 0
    while (targets := race.next_round()) is not None:
        number += 1
        for name, counts in sampler.draw(number, targets).items():
            race.tell(name, counts)
    result, path = sampler.finish()
    return result, path, race.standing()


class _Rounds:
    """The sampling: what was drawn of whom, and the study's folder."""

    def __init__(self, recipe: Recipe, plugins: Plugins, store: Store) -> None:
        self._recipe, self._plugins, self._store = recipe, plugins, store
        self._digest = cache(digests.of_path)
        self._ends: dict[str, tuple[int, ...]] = {}
        self._folder = store.study(recipe.name, of_json({"recipe": recipe.digest, "in": "rounds"}))

    def count_problems(self) -> dict[str, int]:
        """Read the benchmarks' problems and return how many each has."""
        plan = self._plan()
        first = f"pre/0/{self._recipe.seeds[0]}"
        graded = [plan.by_ref[plan.target.inputs[f"{first}/{b}"]] for b in range(len(self._recipe.benchmarks))]
        problems = [step.inputs["problems"] for step in graded]
        self._advance(plan, [plan.by_ref[ref] for ref in problems], "problems")
        rows = [int(self._store.manifest(ref)["facts"]["rows"]) for ref in problems]
        return {b.name: size for b, size in zip(self._recipe.benchmarks, rows, strict=True)}

    def draw(self, number: int, targets: dict[str, int]) -> dict[str, list[Counts]]:
        """Sample some candidates up to so many samples a problem, and return their counts from all rounds."""
        self._ends |= {name: (*self._ends.get(name, ()), samples) for name, samples in targets.items()}
        plan = self._plan()
        steps = [step for step in plan.steps if step.kind == "grade" and step.candidate in targets]
        self._advance(plan, steps, f"round {number}")
        return {name: self._counts(plan, name) for name in targets}

    def finish(self) -> tuple[dict[str, Any], Path]:
        """Run what is left: held-out scores, proxies, the result."""
        return study.run(self._recipe, self._plugins, self._store, plan=self._plan(), folder=self._folder)

    def _plan(self) -> Plan:
        return planning.build(self._recipe, self._plugins, digest=self._digest, draws=self._ends)

    def _advance(self, plan: Plan, steps: Iterable[Step], what: str) -> None:
        part = plan.up_to(steps, f"{plan.study}, {what}")
        study.advance(self._recipe, part, self._plugins, self._store, self._folder)

    def _counts(self, plan: Plan, name: str) -> list[Counts]:
        names: Sequence[str] = [candidate.name for candidate in self._recipe.candidates]
        at = f"pre/{names.index(name)}/{self._recipe.seeds[0]}"
        return [
            read_counts(self._store.artifact(plan.target.inputs[f"{at}/{b}"]), benchmark.name)
            for b, benchmark in enumerate(self._recipe.benchmarks)
        ]


def check_proxies(recipe: Recipe, k: int, budget: int) -> None:
    """Check that a candidate stopped after the first round still gives every proxy what it reads.

    Raises:
        UserError: a proxy needs more samples a problem than the first round draws.
    """
    first = rounds(k, budget)[0]
    for use in recipe.proxies:
        needed = use.offer.min_samples(use.params)  # type: ignore[attr-defined]
        if needed > first:
            raise UserError(
                f"--adaptive: {use.label} needs {needed} samples a problem, and a checkpoint may be stopped after {first}; "
                "lower its k, or leave --adaptive out"
            )
