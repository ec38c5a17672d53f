"""miniature-rl: prompts of the miniature with answers, for RL.

No responses: RL writes its own. Somewhat harder than miniature-sft, so that there is something to explore.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from harness import DataSource, hookimpl
from harness_plugins.miniature.settings import AddSizes, ChainSizes, DagSizes, FamilyNames, sizes_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness import Context, Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of miniature-rl."""

    examples: Annotated[int, Ge(1), Le(100_000)] = 4_096
    """Number of prompts; 120 steps of 32 prompts use 3,840."""
    families: FamilyNames = ("chain", "dag", "add")
    """Families of questions, each as likely as the others."""
    chain: ChainSizes = (4, 12)
    """Fewest and most operators of a chain."""
    dag: DagSizes = (3, 8)
    """Fewest and most variables of a dag."""
    add: AddSizes = (3, 5)
    """Fewest and most digits of a summand."""
    data_seed: Annotated[int, Ge(0)] = 0
    """Which questions are drawn; apart from the study's seed, so that all seeds share the data."""

    def __post_init__(self) -> None:
        """Refuse upside-down ranges."""
        sizes_of(self.families, self.chain, self.dag, self.add)


def load(params: Params, _context: Context) -> Iterable[Example]:
    """Draw prompts that no other split may use."""
    from harness_plugins.miniature.pool import draw_examples

    sizes = sizes_of(params.families, params.chain, params.dag, params.add)
    return draw_examples("rl", params.examples, sizes, params.data_seed)


@hookimpl
def harness_data_sources() -> Iterable[DataSource]:
    """Offer miniature-rl."""
    yield DataSource(
        name="miniature-rl",
        version="1",
        summary="prompts of the miniature with answers, for RL",
        params=Params,
        load=lambda: load,
        grader="miniature-answer",
    )
