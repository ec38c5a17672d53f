"""Recipe -> Plan: a graph of steps. Pure but for the digests of local files, which the caller may supply.

Roles by which the last step finds its inputs: `pre/<candidate>/<seed>/<benchmark>` (graded samples before RL), `post/…` after RL,
`at<n>/…` at RL step n, `sft/<candidate>/<seed>` and `rl/…` (training), `curate/…`, `proxy/<number>`; the numbers are positions in
the recipe.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import digest as digests
from harness.errors import RecipeError
from harness.offers import Grader
from harness.step import Part, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.plugins import Plugins
    from harness.recipe import BenchmarkUse, Candidate, Recipe, Use
    from harness.store import Ref, Store

BLOCK = 64
"""Samples a problem in one sampling step; a study with more asks for further blocks and keeps the first."""
PASS_RATE_SAMPLES = 8
"""Samples an SFT prompt for curations that go by the base's pass rate."""
MONITOR_PROBLEMS = 64
"""Held-out problems of the independent accuracy curve during RL."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Steps in an order in which each comes after its inputs; the last one writes result.json."""

    study: str
    digest: str
    steps: tuple[Step, ...]
    runs: int
    """Candidates times seeds."""

    @property
    def target(self) -> Step:
        """The step everything else is for."""
        return self.steps[-1]

    @cached_property
    def by_ref(self) -> Mapping[Ref, Step]:
        """Steps by their place in the store."""
        return {step.ref: step for step in self.steps}

    def missing(self, store: Store) -> list[Step]:
        """Return the steps that must be run, in plan order: what the target needs and the store lacks."""
        wanted: dict[Ref, bool] = {}
        pending = [self.target.ref]
        while pending:
            ref = pending.pop()
            if ref in wanted or store.has(ref):
                continue
            wanted[ref] = True
            pending.extend(self.by_ref[ref].inputs.values())
        return [step for step in self.steps if step.ref in wanted]


@dataclass(kw_only=True)
class _Builder:
    """Collects steps once each."""

    recipe: Recipe
    plugins: Plugins
    digest: Callable[[Path], str]
    steps: dict[str, Step] = field(default_factory=dict)

    def add(self, step: Step) -> Ref:
        self.steps.setdefault(step.key, step)
        return step.ref

    def part(self, use: Use) -> Part:
        return Part(
            kind=use.offer.kind,
            name=use.offer.name,
            version=use.offer.version,
            settings=use.settings,
            digests={
                name: self.digest(Path(str(use.settings[name]))) for name in use.paths if use.settings[name] is not None
            },
            nested=tuple(self.part(inner) for chain in (use.chains or {}).values() for inner in chain),
        )

    def grader(self, name: str) -> Part:
        offer = self.plugins.find(Grader, name)
        return Part(kind="grader", name=offer.name, version=offer.version, settings={})

    def model(self) -> Ref:
        return self.add(Step(kind="model", parts=(self.part(self.recipe.base),), title="base model"))

    def data(self, name: str) -> Ref:
        return self.add(Step(kind="data", parts=(self.part(self.recipe.data[name]),), title=f"data · {name}"))

    def problems(self, benchmark: BenchmarkUse) -> Ref:
        return self.add(Step(kind="data", parts=(self.part(benchmark.use),), title=f"problems · {benchmark.name}"))

    def graded(self, *, model: Ref, at: str, problems: Ref, grader: Part, samples: int, sampling: Mapping[str, Any],
               seed: int, phase: str, title: str, candidate: str | None) -> Ref:  # fmt: skip
        """Sample one checkpoint on one set of problems, in blocks, and grade it."""
        blocks = {
            f"samples/{first:06d}": self.add(
                Step(
                    kind="sample",
                    parts=(self.part(self.recipe.engine),),
                    settings={
                        "checkpoint": at,
                        "first": first,
                        "samples": min(BLOCK, samples - first),
                        "sampling": dict(sampling),
                        "phase": phase,
                    },
                    seed=seed,
                    inputs={"model": model, "problems": problems},
                    title=f"sample · {title}",
                    candidate=candidate,
                )
            )
            for first in range(0, samples, BLOCK)
        }
        return self.add(
            Step(
                kind="grade",
                parts=(grader,),
                inputs={"problems": problems, **blocks},
                title=f"grade · {title}",
                candidate=candidate,
                seed=seed,
            )
        )

    def evaluated(self, *, model: Ref, at: str, seed: int, phase: str, who: str) -> Iterator[Ref]:
        """Measure one checkpoint on every benchmark of the recipe."""
        for benchmark in self.recipe.benchmarks:
            yield self.graded(
                model=model,
                at=at,
                problems=self.problems(benchmark),
                grader=self.grader(benchmark.offer.grader),
                samples=benchmark.samples if phase == "pre" else self.recipe.outcome.samples,
                sampling=_fields(benchmark.sampling),
                seed=seed,
                phase=phase,
                title=f"{who} · {benchmark.name} · {_PHASES.get(phase, phase)}",
                candidate=who,
            )

    def score(self, model: Ref, at: str, traces: Ref, file: str, who: str, seed: int) -> Ref:
        return self.add(
            Step(
                kind="score",
                parts=(self.part(self.recipe.engine),),
                settings={"checkpoint": at, "file": file},
                inputs={"model": model, "traces": traces},
                title=f"score held-out · {who}",
                candidate=who,
                seed=0,
            )
        )


_PHASES = {"pre": "before RL", "post": "after RL"}


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One candidate under one seed: where its checkpoint before RL comes from."""

    model: Ref
    at: str
    trained: Ref | None = None
    curated: Ref | None = None
    own_heldout: bool = False


def build(recipe: Recipe, plugins: Plugins, *, digest: Callable[[Path], str] = digests.of_path) -> Plan:
    """Lay out all steps of a recipe, asking only for what its proxies, outcome and report need.

    Args:
        recipe: a loaded recipe.
        plugins: where graders are found by name.
        digest: content digest of a local file or folder; called for each local path the recipe names.
    """
    builder = _Builder(recipe=recipe, plugins=plugins, digest=digest)
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
    builder.add(
        Step(
            kind="analyze",
            settings=_layout(recipe),
            inputs={**{r: ref for r, ref in evidence.items() if not r.startswith(("own/", "fixed/"))}, **outcome, **proxies},
            title="analyze",
        )
    )
    return Plan(study=recipe.name, digest=recipe.digest, steps=tuple(builder.steps.values()), runs=len(runs))


def _start_all(builder: _Builder, seed: int) -> list[_Run]:
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


def _start(builder: _Builder, candidate: Candidate, seed: int, parent: _Run | None) -> _Run:
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


def _curate(builder: _Builder, candidate: Candidate, seed: int) -> Ref:
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
            samples=PASS_RATE_SAMPLES,
            sampling=_fields(recipe.benchmarks[0].sampling),
            seed=seed,
            phase="pass-rates",
            title="base · SFT prompts",
            candidate=None,
        )
    return builder.add(
        Step(
            kind="curate",
            parts=tuple(builder.part(use) for use in candidate.curate),
            settings={"budget": _fields(recipe.budget) if recipe.budget else None},
            seed=seed,
            inputs=inputs,
            title=f"curate · {candidate.name} · seed {seed}",
            candidate=candidate.name,
        )
    )


def _measure(builder: _Builder, run: _Run, who: str, number: int | str, seed: int, needs: frozenset[str]) -> dict[str, Ref]:
    """Plan what is measured of a candidate before RL."""
    place = f"{number}/{seed}"
    graded = builder.evaluated(model=run.model, at=run.at, seed=seed, phase="pre", who=who)
    found = {f"pre/{place}/{b}": ref for b, ref in enumerate(graded)}
    if needs & {"own-loss", "fixed-loss"}:
        fixed = builder.score(run.model, run.at, builder.data("heldout"), "examples.jsonl", who, seed)
        if "fixed-loss" in needs:
            found[f"fixed/{place}"] = fixed
        if "own-loss" in needs:
            own = run.own_heldout and run.curated
            found[f"own/{place}"] = builder.score(run.model, run.at, own, "heldout.jsonl", who, seed) if own else fixed
    if run.trained and run.curated:
        found |= {f"sft/{place}": run.trained, f"curate/{place}": run.curated}
    return found


def _after_rl(builder: _Builder, run: _Run, who: str, number: int, seed: int) -> dict[str, Ref]:
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
                builder.grader(recipe.benchmarks[0].offer.grader),
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


def _proxy(builder: _Builder, proxy: Use, evidence: Mapping[str, Ref], outcome: Mapping[str, Ref]) -> Ref:
    """Plan one proxy over all candidates; its inputs are what it declares and no more."""
    needs = proxy.offer.needs(proxy.params)  # type: ignore[attr-defined]
    prefixes = {
        "counts": "pre/",
        "samples": "pre/",
        "own-loss": "own/",
        "fixed-loss": "fixed/",
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
            },
            inputs=inputs,
            title=f"proxy · {proxy.label}",
        )
    )


def _layout(recipe: Recipe) -> dict[str, Any]:
    """Say what the analysis must know besides its inputs."""
    return {
        "study": recipe.name,
        "recipe_digest": recipe.digest,
        "seeds": list(recipe.seeds),
        "candidates": [
            {
                "name": c.name,
                "family": c.family or "base",
                "details": dict(c.details or {}),
                "curation": [{"use": use.offer.name, **use.settings} for use in c.curate],
                "kind": "checkpoint" if c.checkpoint else "sft" if c.sft else "base",
            }
            for c in recipe.candidates
        ],
        "benchmarks": [{"name": b.name, "samples": b.samples} for b in recipe.benchmarks],
        "proxies": [
            {
                "name": p.label,
                "higher_is_better": p.offer.higher_is_better,  # type: ignore[attr-defined]
                "trivial": p.offer.trivial,  # type: ignore[attr-defined]
            }
            for p in recipe.proxies
        ],
        "primary_proxy": recipe.primary_proxy,
        "baseline_proxy": recipe.baseline_proxy,
        "outcome": _fields(recipe.outcome),
        "evaluate_at": list(recipe.rl.evaluate_at) if recipe.rl else [],
        "has_rl": recipe.rl is not None,
        "warnings": list(recipe.warnings),
    }


def _data_grader(recipe: Recipe) -> str:
    """Return the grader of the SFT data's answers."""
    name: str | None = recipe.data["sft"].offer.grader  # type: ignore[attr-defined]
    if name is None:
        raise RecipeError(
            f"data.sft: {recipe.data['sft'].offer.name!r} names no grader, so the base's pass rates on it cannot be measured; "
            "drop the curations that go by pass rate, or use a data source with a grader"
        )
    return name


def _fields(record: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(record)
