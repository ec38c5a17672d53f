"""chain-8-9 … add-6: seven slices of the miniature, by family and size.

In distribution are sizes that miniature-sft has (chain to 8, dag to 6, add to 4), the rest is beyond it. Slices do not
overlap. Their questions belong to a split of their own, which no training text, pretraining included, may use.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from harness import Benchmark, Problem, Sampling, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness import Context
    from harness_plugins.miniature.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of every slice."""

    problems: Annotated[int, Ge(1), Le(2_000)] = 40
    """Number of problems; at 40, seven slices put a standard error of about .025 on a mean pass@1."""
    data_seed: Annotated[int, Ge(0)] = 0
    """Which problems are drawn; apart from the study's seed, so that all seeds share the problems."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which questions a benchmark holds."""

    name: str
    family: Family
    low: int
    high: int
    summary: str


SLICES = (
    Slice(name="chain-8-9", family="chain", low=8, high=9, summary="chains of 8 or 9 operators"),
    Slice(name="chain-10-11", family="chain", low=10, high=11, summary="chains of 10 or 11 operators"),
    Slice(name="chain-12-13", family="chain", low=12, high=13, summary="chains of 12 or 13 operators"),
    Slice(name="dag-5", family="dag", low=5, high=5, summary="dags of 5 variables"),
    Slice(name="dag-6", family="dag", low=6, high=6, summary="dags of 6 variables"),
    Slice(name="dag-7", family="dag", low=7, high=7, summary="dags of 7 variables"),
    Slice(name="add-5", family="add", low=5, high=5, summary="additions of 5 digits"),
)
SAMPLING = Sampling(max_tokens=110)
"""The longest right trace, a verified chain of 13, takes 109 tokens with its end."""


def load(part: Slice, params: Params, _context: Context) -> list[Problem]:
    """Draw the slice's problems; more of them start with the same ones."""
    from harness_plugins.miniature.arithmetic import Arithmetic
    from harness_plugins.miniature.splits import BENCHMARK, digest_of, draw_from

    rng = random.Random(f"miniature {part.name} {params.data_seed}")
    stream = draw_from(rng, BENCHMARK, {part.family: (part.low, part.high)}, distinct=True)
    return [
        Problem(
            id=f"{drawn.family}-{drawn.size}-{digest_of(drawn.question)}",
            prompt=drawn.question.prompt,
            answer=drawn.question.solve(Arithmetic()).answer,
            meta={"family": drawn.family, "size": str(drawn.size)},
        )
        for drawn in islice(stream, params.problems)
    ]


@hookimpl
def harness_benchmarks() -> Iterable[Benchmark]:
    """Offer the seven slices."""
    for part in SLICES:
        yield Benchmark(
            name=part.name,
            version="1",
            summary=part.summary,
            params=Params,
            load=partial(partial, load, part),
            grader="miniature-check",
            sampling=SAMPLING,
            samples=64,
        )
