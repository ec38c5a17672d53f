"""The ranking from readings made by hand: order, ties, undefined readings, and what a race changes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import plan as planning
from harness.checkpoints import Request, load_request, parse_sources
from harness.plugins import Plugins
from harness.racing import Race
from harness.ranking import rank
from harness.recipe import Recipe
from harness.values import Counts
from study.toy_checkpoints import SKILLS, lay_out
from study.toy_study import PLUGIN

NAMES = list(SKILLS)


@pytest.fixture
def plugins() -> Plugins:
    return Plugins.discover([PLUGIN])


def recipe_of(folder: Path, plugins: Plugins, primary: str, samples: int = 8) -> Recipe:
    request = Request(
        study="rank",
        sources=parse_sources([str(lay_out(folder) / name) for name in NAMES]),
        benchmarks=({"use": "toy-bench", "rows": 10},),
        proxies=tuple(dict.fromkeys(["pass@1", primary])),
        primary=primary,
        samples=samples,
        engine={"use": "toy-engine"},
    )
    return load_request(request, plugins)


def counts(right: int, samples: int = 8) -> list[Counts]:
    ids = tuple(f"q{i}" for i in range(10))
    return [Counts(benchmark="toy-bench", problem_ids=ids, num_samples=np.full(10, samples), num_correct=np.full(10, right))]


def result_of(readings: dict[str, dict[str, float | None]]) -> dict[str, Any]:
    def shown(value: float | None) -> dict[str, Any]:
        return {"value": value, "low": None, "high": None, "reason": None if value is not None else "no reading"}

    rows = [{"name": n, "proxies": {proxy: shown(v) for proxy, v in row.items()}} for n, row in readings.items()]
    return {"candidates": rows, "cost": {}, "warnings": []}


def ranked(found: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(row["name"], row["rank"]) for row in found["ranking"]]


def test_equal_readings_share_a_rank_and_the_next_is_passed_over(tmp_path: Path, plugins: Plugins) -> None:
    right = dict(zip(NAMES, (2, 6, 6, 4), strict=True))
    result = result_of({name: {"pass@1": r / 8} for name, r in right.items()})
    found = rank(result, {n: counts(r) for n, r in right.items()}, recipe_of(tmp_path, plugins, "pass@1"))
    assert ranked(found) == [("fair", 1), ("best", 1), ("poor", 3), ("weak", 4)]
    assert [row["probability_best"] for row in found["ranking"]] == [0.5, 0.5, 0.0, 0.0]
    assert "equal pass@1, so they share a rank: fair, best" in found["notes"]


def test_lowest_is_first_by_a_proxy_that_is_better_low_and_undefined_is_last(tmp_path: Path, plugins: Plugins) -> None:
    spread = dict(zip(NAMES, (0.3, None, 0.1, 0.2), strict=True))
    result = result_of({n: {"pass@1": 0.5, "pass-rate-variance": v} for n, v in spread.items()})
    recipe = recipe_of(tmp_path, plugins, "pass-rate-variance")
    found = rank(result, {n: counts(4) for n in NAMES}, recipe)
    assert found["higher_is_better"] is False
    assert ranked(found) == [("best", 1), ("poor", 2), ("weak", 3), ("fair", None)]
    assert {row["probability_best"] for row in found["ranking"]} == {None}
    assert any(note.startswith("no probability of being best") for note in found["notes"])
    assert "not ranked, pass-rate-variance is undefined: fair: no reading" in found["notes"]


def test_race_puts_who_was_stopped_behind_and_shows_corrected_estimates(tmp_path: Path, plugins: Plugins) -> None:
    right = dict(zip(NAMES, (1, 3, 4, 1), strict=True))
    race = Race(NAMES, {"toy-bench": 10}, k=1, budget=8)
    told: dict[str, list[Counts]] = {}
    while (targets := race.next_round()) is not None:
        for name, samples in targets.items():
            told[name] = counts(right[name] * samples // 4, samples)
            race.tell(name, told[name])
    standing = race.standing()
    stopped = {racer.name for racer in standing.racers if racer.stopped_in_round}
    assert {"weak", "poor"} <= stopped
    result = result_of({name: {"pass@1": r / 4} for name, r in right.items()})
    found = rank(result, told, recipe_of(tmp_path, plugins, "pass@1"), standing=standing)
    assert found["pick"] == standing.leader == "best"
    assert {row["name"] for row in found["ranking"][-len(stopped) :]} == stopped
    estimates = {racer.name: racer.estimate.value for racer in standing.racers}
    assert {row["name"]: row["value"] for row in found["ranking"]} == estimates
    assert found["samples"]["spent"] == standing.samples_spent < found["samples"]["full_budget"]


def test_rounds_are_planned_in_blocks_that_later_rounds_share(tmp_path: Path, plugins: Plugins) -> None:
    recipe = recipe_of(tmp_path, plugins, "pass@1", samples=128)
    first = planning.build(recipe, plugins, draws=dict.fromkeys(NAMES, (4,)))
    later = planning.build(recipe, plugins, draws={**dict.fromkeys(NAMES, (4,)), "best": (4, 8, 128)})

    def sampled(plan: planning.Plan) -> dict[tuple[str | None, int, int], str]:
        steps = [step for step in plan.steps if step.kind == "sample"]
        return {(s.candidate, s.settings["first"], s.settings["samples"]): s.key for s in steps}

    assert sampled(first).items() <= sampled(later).items()
    assert {key[1:] for key in sampled(later) if key[0] == "best"} == {(0, 4), (4, 4), (8, 64), (72, 56)}
    graded = [step for step in later.steps if step.kind == "grade" and step.candidate == "best"]
    part = later.up_to(graded, "a part")
    assert {step.kind for step in part.steps} == {"model", "data", "sample", "grade"}
    assert {step.candidate for step in part.steps if step.kind == "sample"} == {"best"}
    assert (part.study, part.goals) == ("a part", tuple(step.ref for step in graded))
