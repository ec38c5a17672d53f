"""miniature-sft: worked solutions of the miniature's questions, to draw strategies from.

Every trace is right; what differs is family, size and style. Half of all questions belong to this split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from harness import DataSource, hookimpl
from harness_plugins.miniature.settings import (
    AddSizes,
    ChainSizes,
    DagSizes,
    FamilyNames,
    Weight,
    sizes_of,
    weights_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness import Context, Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of miniature-sft; by default design 2's mixture."""

    examples: Annotated[int, Ge(1), Le(100_000)] = 8_192
    """Size of the pool, in traces; curations draw from it. 8,192 is eight times the usual training set, so that
    choosing the longest or shortest means something."""
    families: FamilyNames = ("chain", "dag", "add")
    """Families of questions, each as likely as the others."""
    chain: ChainSizes = (2, 8)
    """Fewest and most operators of a chain; benchmarks go on to 15."""
    dag: DagSizes = (3, 6)
    """Fewest and most variables of a dag."""
    add: AddSizes = (2, 4)
    """Fewest and most digits of a summand."""
    direct: Weight = 0.05
    """Relative frequency of traces that hold the answer alone."""
    terse: Weight = 0.15
    """Relative frequency of traces with intermediate values only."""
    worked: Weight = 0.5
    """Relative frequency of traces with every step."""
    verify: Weight = 0.3
    """Relative frequency of traces with every step and a recapitulation."""
    data_seed: Annotated[int, Ge(0)] = 0
    """Which questions are drawn; apart from the study's seed, so that all seeds share the data."""

    def __post_init__(self) -> None:
        """Refuse upside-down ranges and weights that are all 0."""
        sizes_of(self.families, self.chain, self.dag, self.add)
        weights_of(self.direct, self.terse, self.worked, self.verify)


def load(params: Params, _context: Context) -> Iterable[Example]:
    """Draw right traces of questions that no other split may use."""
    from harness_plugins.miniature.pool import draw_examples

    sizes = sizes_of(params.families, params.chain, params.dag, params.add)
    weights = weights_of(params.direct, params.terse, params.worked, params.verify)
    return draw_examples("sft", params.examples, sizes, params.data_seed, weights)


@hookimpl
def harness_data_sources() -> Iterable[DataSource]:
    """Offer miniature-sft."""
    yield DataSource(
        name="miniature-sft",
        version="1",
        summary="worked solutions of the miniature's questions, to draw strategies from",
        params=Params,
        load=lambda: load,
        grader="miniature-answer",
    )
