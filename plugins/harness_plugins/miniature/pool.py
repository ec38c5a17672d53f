"""Pools of examples: questions of one split, written down in a mixture of styles."""

from __future__ import annotations

import random
from itertools import islice
from typing import TYPE_CHECKING

from harness import Example
from harness_plugins.miniature.arithmetic import Arithmetic
from harness_plugins.miniature.splits import digest_of, draw_from
from harness_plugins.miniature.styles import write_trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness_plugins.miniature.settings import Sizes
    from harness_plugins.miniature.splits import Split
    from harness_plugins.miniature.styles import Style


def draw_examples(
    split: Split,
    num_examples: int,
    sizes: Sizes,
    data_seed: int,
    weights: Mapping[Style, float] | None = None,
) -> Iterator[Example]:
    """Draw distinct questions of one split with their right answers; a larger pool starts with the smaller one.

    Args:
        split: whose questions they are.
        num_examples: how many.
        sizes: smallest and largest size of each family.
        data_seed: what chance hangs on, with the split's name.
        weights: how often each style is written; None leaves the responses empty.

    Raises:
        UserError: the split has too few questions of some size.
    """
    rng = random.Random(f"miniature {split} {data_seed}")
    for drawn in islice(draw_from(rng, (split,), sizes, distinct=True), num_examples):
        solution = drawn.question.solve(Arithmetic())
        meta, response = {"size": str(drawn.size)}, ""
        if weights:
            (style,) = rng.choices(list(weights), list(weights.values()))
            meta, response = {"style": style, **meta}, write_trace(solution, style)
        yield Example(
            id=f"{drawn.family}-{drawn.size}-{digest_of(drawn.question)}",
            prompt=drawn.question.prompt,
            response=response,
            answer=solution.answer,
            source=drawn.family,
            meta=meta,
        )
