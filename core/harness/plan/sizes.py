"""How many examples, passes and problems the steps of a plan have, as far as settings say it; nothing is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness import params as settings
from harness.offers import Curation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.plan.graph import Plan
    from harness.plugins import Plugins
    from harness.recipe.cost import CostFacts
    from harness.store import Ref


@dataclass(kw_only=True)
class Sizes:
    """Counts by step; what the recipe does not state is noted in `unknown`, and counted as nothing."""

    plan: Plan
    plugins: Plugins
    facts: CostFacts
    unknown: dict[str, None] = field(default_factory=dict)
    """What to add to the recipe, in the order it was missed."""
    counted: dict[Ref, int] = field(default_factory=dict)

    def examples(self, ref: Ref) -> int:
        """Return examples of a data source or of a curated set, or problems of a benchmark; at most."""
        if ref not in self.counted:
            self.counted[ref] = self._examples(ref)
        return self.counted[ref]

    def _examples(self, ref: Ref) -> int:
        step = self.plan.by_ref[ref]
        if step.kind == "curate":
            found = self._left(((part.name, part.settings) for part in step.parts), self.examples(step.inputs["data"]))
            return self._known(found, f"the size of {step.title}")
        if "benchmark" in step.hints:
            name = step.hints["benchmark"]
            return self._known(self.facts.problems.get(name), f'cost.problems "{name}"')
        name = step.hints["data"]
        return self._known(self.facts.examples.get(name), f'cost.examples "{name}"')

    def epochs(self, ref: Ref) -> int:
        """Return how often SFT goes over a curated set; 1 where no curation says."""
        epochs = 1
        for part in self.plan.by_ref[ref].parts:
            offer, params = self._bound(part.name, part.settings)
            epochs = offer.epochs(params) or epochs
        return epochs

    def _left(self, chain: Iterable[tuple[str, Mapping[str, Any]]], incoming: int | None) -> int | None:
        for name, given in chain:
            offer, params = self._bound(name, given)
            incoming = offer.size(params, incoming, self._nested)
        return incoming

    def _nested(self, chain: Sequence[Mapping[str, Any]], incoming: int | None) -> int | None:
        return self._left(((u["use"], {k: v for k, v in u.items() if k != "use"}) for u in chain), incoming)

    def _bound(self, name: str, given: Mapping[str, Any]) -> tuple[Curation, Any]:
        offer = self.plugins.find(Curation, name)
        return offer, settings.build(offer.params, given)

    def _known(self, count: int | None, what: str) -> int:
        if count is None:
            self.unknown[what] = None
        return count or 0
