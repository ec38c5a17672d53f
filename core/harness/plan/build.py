"""Recipe -> Plan: a graph of steps. Pure but for the digests of local files, which the caller may supply.

Roles by which the last step finds its inputs: `pre/<candidate>/<seed>/<benchmark>` (graded samples before RL), `post/…`
after RL, `at<n>/…` at RL step n, `sft/<candidate>/<seed>` and `rl/…` (training), `curate/…`, `proxy/<number>`; the numbers
are positions in the recipe.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from harness import digest as digests
from harness.errors import RecipeError
from harness.plan.builder import Builder
from harness.plan.graph import Plan
from harness.plan.layout import layout_of
from harness.recipe.records import trained_on
from harness.step import Part, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from harness.plugins import Plugins
    from harness.recipe import Candidate, Recipe, Use
    from harness.store import Ref

PASS_RATE_SAMPLES = 8
"""Samples an SFT prompt for curations that go by the base's pass rate."""
MONITOR_PROBLEMS = 64
"""Held-out problems of the independent accuracy curve during RL."""


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One candidate under one seed: where its checkpoint before RL comes from."""

    model: Ref
    at: str
    trained: Ref | None = None
    curated: Ref | None = None
    own_heldout: bool = False


def build(
    recipe: Recipe,
    plugins: Plugins,
    *,
    digest: Callable[[Path], str] = digests.of_path,
    draws: Mapping[str, Sequence[int]] | None = None,
) -> Plan:
    """Lay out all steps of a recipe, asking only for what its proxies, outcome and report need.

    Args:
        recipe: a loaded recipe.
        plugins: where graders are found by name.
        digest: content digest of a local file or folder; called for each local path the recipe names.
        draws: by candidate, samples a problem before RL after each round, ascending, where the recipe's are not meant.
    """
    builder = Builder(recipe=recipe, plugins=plugins, digest=digest, draws=draws or {})
    runs = {(i, s): run for s in recipe.seeds for i, run in enumerate(_start_all(builder, s))}
    needs = frozenset().union(*(proxy.offer.needs(proxy.params) for proxy in recipe.proxies))  # type: ignore[attr-defined]
    evidence: dict[str, Ref] = {}
    for (i, seed), run in runs.items():
        evidence |= _measure(builder, run, recipe.candidates[i].name, i, seed, needs)
    outcome: dict[str, Ref] = {}
    if recipe.rl:
        for (i, seed), run in runs.items():
            outcome |= _after_rl(builder, run, recipe.candidates[i].name, i, seed)
    if "base" in needs:
        base = _Run(model=builder.model(), at="final")
        for seed in recipe.seeds:
            evidence |= _measure(builder, base, "base", "base", seed, needs)
    proxies = {f"proxy/{n}": _proxy(builder, proxy, evidence, outcome) for n, proxy in enumerate(recipe.proxies)}
    read = {role: ref for role, ref in evidence.items() if not role.startswith(("own/", "fixed/", "drift/"))}
    builder.add(
        Step(
            kind="analyze",
            settings=layout_of(recipe),
            inputs={**read, **outcome, **proxies, **_overlap(builder)},
            title="analyze",
        )
    )
    return Plan(study=recipe.name, digest=recipe.digest, steps=tuple(builder.steps.values()), runs=len(runs))


def _start_all(builder: Builder, seed: int) -> list[_Run]:
    """Plan every candidate's SFT under one seed; staged ones after those they start from."""
    recipe = builder.recipe
    position = {candidate.name: i for i, candidate in enumerate(recipe.candidates)}
    done: dict[int, _Run] = {}

    def start(i: int) -> _Run:
        if i not in done:
            candidate = recipe.candidates[i]
            parent = start(position[candidate.start_from]) if candidate.start_from else None
            done[i] = _start(builder, candidate, seed, parent)
        return done[i]

    return [start(i) for i in range(len(recipe.candidates))]


def _start(builder: Builder, candidate: Candidate, seed: int, parent: _Run | None) -> _Run:
    if candidate.model is not None:
        model = Step(kind="model", parts=(builder.part(candidate.model),), title=f"checkpoint · {candidate.name}")
        return _Run(model=builder.add(model), at="final")
    if candidate.checkpoint is not None:
        part = Part(
            kind="checkpoint",
            name="folder",
            version="1",
            settings={"path": str(candidate.checkpoint)},
            digests={"path": builder.digest(candidate.checkpoint)},
        )
        return _Run(model=builder.add(Step(kind="model", parts=(part,), title=f"checkpoint · {candidate.name}")), at="final")
    if candidate.sft is None:
        return _Run(model=builder.model(), at="final")
    curated = _curate(builder, candidate, seed)
    start = parent or _Run(model=builder.model(), at="final")
    trained = builder.add(
        Step(
            kind="train",
            parts=(builder.part(candidate.sft),),
            settings={"method": "sft", "checkpoint": start.at},
            seed=seed,
            inputs={"start": start.model, "data": curated},
            title=f"sft · {candidate.name} · seed {seed}",
            candidate=candidate.name,
        )
    )
    selects = any(use.offer.selects for use in candidate.curate)  # type: ignore[attr-defined]
    return _Run(model=trained, at="final", trained=trained, curated=curated, own_heldout=selects)


def _curate(builder: Builder, candidate: Candidate, seed: int) -> Ref:
    recipe = builder.recipe
    inputs = {"base": builder.model(), "data": builder.data("sft")}
    if "heldout" in recipe.data:
        inputs["heldout"] = builder.data("heldout")
    uses = list(candidate.curate)
    for use in uses:
        uses.extend(inner for chain in (use.chains or {}).values() for inner in chain)
    if any(use.offer.needs_pools for use in uses):  # type: ignore[attr-defined]
        inputs |= {f"pool/{name}": builder.data(name) for name in recipe.data}
    if any(use.offer.needs_pass_rates for use in uses):  # type: ignore[attr-defined]
        inputs["rates"] = builder.graded(
            model=builder.model(),
            at="final",
            problems=builder.data("sft"),
            grader=builder.grader(_data_grader(recipe)),
            ends=(PASS_RATE_SAMPLES,),
            sampling=asdict(recipe.benchmarks[0].sampling),
            seed=seed,
            phase="pass-rates",
            title="base · SFT prompts",
            candidate=None,
        )
    return builder.add(
        Step(
            kind="curate",
            parts=tuple(builder.part(use) for use in candidate.curate),
            settings={"budget": asdict(recipe.budget) if recipe.budget else None},
            seed=seed,
            inputs=inputs,
            title=f"curate · {candidate.name} · seed {seed}",
            candidate=candidate.name,
        )
    )


def _measure(builder: Builder, run: _Run, who: str, number: int | str, seed: int, needs: frozenset[str]) -> dict[str, Ref]:
    """Plan what is measured of a candidate before RL."""
    place = f"{number}/{seed}"
    graded = builder.evaluated(model=run.model, at=run.at, seed=seed, phase="pre", who=who)
    found = {f"pre/{place}/{b}": ref for b, ref in enumerate(graded)}
    if needs & {"own-loss", "fixed-loss"}:
        fixed = builder.score(run.model, run.at, builder.data("heldout"), "examples.jsonl", who)
        if "fixed-loss" in needs:
            found[f"fixed/{place}"] = fixed
        if "own-loss" in needs:
            own = run.own_heldout and run.curated
            found[f"own/{place}"] = builder.score(run.model, run.at, own, "heldout.jsonl", who) if own else fixed
    if "drift" in needs:
        found[f"drift/{place}"] = builder.drift(run.model, run.at, who)
    if run.trained and run.curated:
        found |= {f"sft/{place}": run.trained, f"curate/{place}": run.curated}
    return found


def _after_rl(builder: Builder, run: _Run, who: str, number: int, seed: int) -> dict[str, Ref]:
    """Plan RL and what is measured along it and after it."""
    recipe = builder.recipe
    stage = recipe.rl
    assert stage is not None  # noqa: S101 - the caller asks only where there is RL
    inputs = {"start": run.model, "data": builder.data("rl")}
    if "heldout" in recipe.data:
        inputs["monitor"] = builder.data("heldout")
    trained = builder.add(
        Step(
            kind="train",
            parts=(
                builder.part(stage.use),
                builder.grader(stage.reward.name),
                builder.grader(recipe.benchmarks[0].grader),
            ),
            settings={
                "method": "rl",
                "checkpoint": run.at,
                "save_at": list(stage.evaluate_at),
                "monitor_problems": MONITOR_PROBLEMS,
            },
            seed=seed,
            inputs=inputs,
            title=f"rl · {who} · seed {seed}",
            candidate=who,
        )
    )
    found = {f"rl/{number}/{seed}": trained}
    for phase, at in [("post", "final"), *((f"at{n}", f"step-{n}") for n in stage.evaluate_at)]:
        graded = builder.evaluated(model=trained, at=at, seed=seed, phase=phase, who=who)
        found |= {f"{phase}/{number}/{seed}/{b}": ref for b, ref in enumerate(graded)}
    return found


def _proxy(builder: Builder, proxy: Use, evidence: Mapping[str, Ref], outcome: Mapping[str, Ref]) -> Ref:
    """Plan one proxy over all candidates; its inputs are what it declares and no more."""
    needs = proxy.offer.needs(proxy.params)  # type: ignore[attr-defined]
    prefixes = {
        "counts": "pre/",
        "samples": "pre/",
        "own-loss": "own/",
        "fixed-loss": "fixed/",
        "drift": "drift/",
        "training": ("sft/", "curate/"),
    }
    wanted: tuple[str, ...] = ()
    for need, prefix in prefixes.items():
        if need in needs:
            wanted += prefix if isinstance(prefix, tuple) else (prefix,)
    inputs = {role: ref for role, ref in evidence.items() if role.startswith(wanted)}
    if "base" not in needs:
        inputs = {role: ref for role, ref in inputs.items() if role.split("/")[1] != "base"}
    if "rl-metrics" in needs:
        inputs |= {role: ref for role, ref in outcome.items() if role.startswith("rl/")}
    recipe = builder.recipe
    return builder.add(
        Step(
            kind="proxy",
            parts=(builder.part(proxy),),
            settings={
                "candidates": [c.name for c in recipe.candidates],
                "seeds": list(recipe.seeds),
                "benchmarks": [b.name for b in recipe.benchmarks],
                "needs": sorted(needs),
                **({"runs": _runs(recipe)} if "run" in needs else {}),
                **({"rl_steps": proxy.offer.min_rl_steps(proxy.params)} if "rl-metrics" in needs else {}),  # type: ignore[attr-defined]
            },
            inputs=inputs,
            title=f"proxy · {proxy.label}",
        )
    )


def _overlap(builder: Builder) -> dict[str, Ref]:
    """Plan the comparison of benchmark and training problems, where it is asked for."""
    recipe = builder.recipe
    if recipe.contamination is None:
        return {}
    sources = trained_on(recipe.data)
    inputs = {f"problems/{n}": builder.problems(benchmark) for n, benchmark in enumerate(recipe.benchmarks)}
    step = Step(
        kind="overlap",
        settings={
            "rule": asdict(recipe.contamination),
            "benchmarks": [benchmark.name for benchmark in recipe.benchmarks],
            "sources": list(sources),
        },
        inputs=inputs | {f"data/{name}": builder.data(name) for name in sources},
        title="overlap of benchmark and training problems",
    )
    return {"overlap": builder.add(step)}


def _runs(recipe: Recipe) -> list[str]:
    """Name the SFT run of each candidate (see Evidence.run)."""
    by_name = {candidate.name: candidate for candidate in recipe.candidates}

    def run_of(candidate: Candidate) -> str:
        stated = (candidate.details or {}).get("run")
        if stated is not None:
            return str(stated)
        return run_of(by_name[candidate.start_from]) if candidate.start_from else candidate.name

    return [run_of(candidate) for candidate in recipe.candidates]


def _data_grader(recipe: Recipe) -> str:
    """Return the grader of the SFT data's answers."""
    name: str | None = recipe.data["sft"].offer.grader  # type: ignore[attr-defined]
    if name is None:
        raise RecipeError(
            f"data.sft: {recipe.data['sft'].offer.name!r} names no grader, so the base's pass rates cannot be measured; "
            "drop the curations that go by pass rate, or use a data source with a grader"
        )
    return name
