"""dag-6 … add-5: seven slices of the miniature, one family and size each, so that they never overlap.

One is within the sizes of miniature-sft, three within those of miniature-rl only, three beyond both. Easier ones (chains up
to 13, dags up to 5, additions up to 4) reach a pass@64 of .9 to 1 after good SFT and tell strategies apart no more; harder
ones (chain 16, add 6) stay near 0 even after RL. The questions belong to a split of their own, which no training text,
pretraining included, may use.
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
    """Number of problems; an earlier design with 7 x 40 had a standard error of about .025 on mean pass@1."""
    data_seed: Annotated[int, Ge(0)] = 0
    """Which problems are drawn; apart from the study's seed, so that all seeds share the problems."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which questions a benchmark holds."""

    name: str
    family: Family
    size: int
    summary: str


SLICES = (
    Slice(name="dag-6", family="dag", size=6, summary="dags of 6 variables; SFT has them"),
    Slice(name="dag-7", family="dag", size=7, summary="dags of 7 variables; RL has them"),
    Slice(name="dag-8", family="dag", size=8, summary="dags of 8 variables; RL has them"),
    Slice(name="dag-9", family="dag", size=9, summary="dags of 9 variables; beyond SFT and RL"),
    Slice(name="chain-14", family="chain", size=14, summary="chains of 14 operators; beyond SFT and RL"),
    Slice(name="chain-15", family="chain", size=15, summary="chains of 15 operators; beyond SFT and RL"),
    Slice(name="add-5", family="add", size=5, summary="additions of 5 digits; RL has them"),
)
SAMPLING = Sampling(max_tokens=128)
"""The longest right trace, a verified chain of 15, takes 125 tokens with its end."""


def load(part: Slice, params: Params, _context: Context) -> list[Problem]:
    """Draw the slice's problems; more of them start with the same ones."""
    from harness_plugins.miniature.arithmetic import Arithmetic
    from harness_plugins.miniature.splits import BENCHMARK, digest_of, draw_from

    rng = random.Random(f"miniature {part.name} {params.data_seed}")
    stream = draw_from(rng, BENCHMARK, {part.family: (part.size, part.size)}, distinct=True)
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
