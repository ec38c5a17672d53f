"""The plan as a graph: steps in order, and which of them a store still lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.step import Step
    from harness.store import Ref, Store


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Steps in an order in which each comes after its inputs; the last one writes result.json."""

    study: str
    digest: str
    steps: tuple[Step, ...]
    runs: int
    """Candidates times seeds."""
    goals: tuple[Ref, ...] = ()
    """What it is run for; empty: the last step."""

    @property
    def target(self) -> Step:
        """The step everything else is for."""
        return self.steps[-1]

    @cached_property
    def by_ref(self) -> Mapping[Ref, Step]:
        """Steps by their place in the store."""
        return {step.ref: step for step in self.steps}

    def up_to(self, goals: Iterable[Step], study: str) -> Plan:
        """Return the part of the plan that some of its steps need, under a name of its own."""
        wanted: set[Ref] = set()
        ends = tuple(step.ref for step in goals)
        pending = list(ends)
        while pending:
            ref = pending.pop()
            if ref not in wanted:
                wanted.add(ref)
                pending.extend(self.by_ref[ref].inputs.values())
        steps = tuple(step for step in self.steps if step.ref in wanted)
        return replace(self, study=study, steps=steps, goals=ends)

    def missing(self, store: Store) -> list[Step]:
        """Return the steps that must be run, in plan order: what the goals need and the store lacks."""
        wanted: dict[Ref, bool] = {}
        pending = list(self.goals or (self.target.ref,))
        while pending:
            ref = pending.pop()
            if ref in wanted or store.has(ref):
                continue
            wanted[ref] = True
            pending.extend(self.by_ref[ref].inputs.values())
        return [step for step in self.steps if step.ref in wanted]
