"""The builder: steps that several candidates share are added once."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.offers import Grader
from harness.step import Part, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.plugins import Plugins
    from harness.recipe import BenchmarkUse, Recipe, Use
    from harness.store import Ref

BLOCK = 64
"""Samples a problem in one sampling step; a study with more asks for further blocks and keeps the first."""

_PHASES = {"pre": "before RL", "post": "after RL"}


@dataclass(kw_only=True)
class Builder:
    """Collects steps once each."""

    recipe: Recipe
    plugins: Plugins
    digest: Callable[[Path], str]
    draws: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Samples a problem before RL of the candidates that are not sampled like all others: after each round, ascending."""
    steps: dict[str, Step] = field(default_factory=dict)
    _parts: dict[int, Part] = field(default_factory=dict)
    """Parts made already, by the identity of the Use, which the recipe holds."""

    def add(self, step: Step) -> Ref:
        """Add a step unless the like is there already."""
        self.steps.setdefault(step.key, step)
        return step.ref

    def part(self, use: Use) -> Part:
        """Turn a component of the recipe into plain JSON."""
        if id(use) not in self._parts:
            self._parts[id(use)] = self._part(use)
        return self._parts[id(use)]

    def _part(self, use: Use) -> Part:
        return Part(
            kind=use.offer.kind,
            name=use.offer.name,
            version=use.offer.version,
            settings=use.settings,
            digests={
                name: self.digest(Path(str(use.settings[name]))) for name in use.paths if use.settings[name] is not None
            },
            nested=tuple(self.part(inner) for chain in (use.chains or {}).values() for inner in chain),
            not_in_key=tuple(f.name for f in fields(use.offer.params) if not f.metadata.get("in_key", True)),
        )

    def grader(self, name: str) -> Part:
        """Find a grader by name."""
        offer = self.plugins.find(Grader, name)
        return Part(kind="grader", name=offer.name, version=offer.version, settings={})

    def model(self) -> Ref:
        """Plan the base model."""
        return self.add(Step(kind="model", parts=(self.part(self.recipe.base),), title="base model"))

    def data(self, name: str) -> Ref:
        """Plan one of the recipe's data sources."""
        part = self.part(self.recipe.data[name])
        return self.add(Step(kind="data", parts=(part,), title=f"data · {name}", hints={"data": name}))

    def problems(self, benchmark: BenchmarkUse) -> Ref:
        """Plan a benchmark's problems."""
        part, name = self.part(benchmark.use), benchmark.name
        return self.add(Step(kind="data", parts=(part,), title=f"problems · {name}", hints={"benchmark": name}))

    def graded(self, *, model: Ref, at: str, problems: Ref, grader: Part, ends: Sequence[int], sampling: Mapping[str, Any],
               seed: int, phase: str, title: str, candidate: str | None) -> Ref:  # fmt: skip
        """Sample one checkpoint on one set of problems, in blocks, and grade it.

        No block crosses one of `ends`, the last of which is the number of samples a problem: what an earlier round drew is
        drawn by the same steps in a later one.
        """
        blocks = {
            f"samples/{first:06d}": self.add(
                Step(
                    kind="sample",
                    parts=(self.part(self.recipe.engine),),
                    settings={
                        "checkpoint": at,
                        "first": first,
                        "samples": size,
                        "sampling": dict(sampling),
                        "phase": phase,
                    },
                    seed=seed,
                    inputs={"model": model, "problems": problems},
                    title=f"sample · {title}",
                    candidate=candidate,
                )
            )
            for first, size in _blocks(ends)
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
            ends = self.draws.get(who, (benchmark.samples,))
            yield self.graded(
                model=model,
                at=at,
                problems=self.problems(benchmark),
                grader=self.grader(benchmark.grader),
                ends=ends if phase == "pre" else (self.recipe.outcome.samples,),
                sampling=asdict(benchmark.sampling),
                seed=seed,
                phase=phase,
                title=f"{who} · {benchmark.name} · {_PHASES.get(phase, phase)}",
                candidate=who,
            )

    def score(self, model: Ref, at: str, traces: Ref, file: str, who: str) -> Ref:
        """Plan the scoring of held-out traces; nothing is drawn, so there is no seed."""
        return self.add(
            Step(
                kind="score",
                parts=(self.part(self.recipe.engine),),
                settings={"checkpoint": at, "file": file},
                inputs={"model": model, "traces": traces},
                title=f"score held-out · {who}",
                candidate=who,
            )
        )

    def drift(self, model: Ref, at: str, who: str) -> Ref:
        """Plan the distance of a checkpoint from the base, on the held-out traces common to all."""
        return self.add(
            Step(
                kind="drift",
                parts=(self.part(self.recipe.engine),),
                settings={"checkpoint": at},
                inputs={"model": model, "base": self.model(), "traces": self.data("heldout")},
                title=f"drift from base · {who}",
                candidate=who,
            )
        )


def _blocks(ends: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield first sample and size of each block."""
    for start, end in zip((0, *ends), ends, strict=False):
        for first in range(start, end, BLOCK):
            yield first, min(BLOCK, end - first)
