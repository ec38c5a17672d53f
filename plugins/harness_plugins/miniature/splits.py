"""Which split may use a question: decided by the question's hash alone.

So train, held-out, RL and benchmark questions are disjoint for every seed and every size, without any list of what was
used before. Two spellings of one question (renamed variables, swapped summands) share a hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

from harness import UserError
from harness_plugins.miniature.families import Family, draw_question

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Iterator, Mapping

    from harness_plugins.miniature.families import Question

Split = Literal["sft", "heldout", "rl", "benchmark"]
NUM_BUCKETS = 16
FIRST_BUCKETS: Mapping[Split, int] = {"sft": 0, "heldout": 8, "rl": 10, "benchmark": 14}
"""A split owns the buckets from its first to the next split's: 8, 2, 4 and 2 sixteenths of all questions."""
PRETRAINING: tuple[Split, ...] = ("sft", "rl")
"""Pretraining text never holds a held-out or benchmark question either."""
BENCHMARK: tuple[Split, ...] = ("benchmark",)
MAX_TRIES = 5_000
"""At 2 of 16 buckets, finding nothing 5,000 times means that under 0.2 % of the questions are left."""


def digest_of(question: Question) -> str:
    """Hash of a question, 16 hexadecimal digits, the same for all its spellings."""
    return blake2b(question.canonical.encode(), digest_size=8).hexdigest()


def split_of(question: Question) -> Split:
    """The one split that may use this question."""
    bucket = int(digest_of(question), 16) % NUM_BUCKETS
    return max((first, split) for split, first in FIRST_BUCKETS.items() if first <= bucket)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A question with what it was drawn as."""

    family: Family
    size: int
    question: Question


def draw_from(
    rng: random.Random,
    splits: Collection[Split],
    sizes: Mapping[Family, tuple[int, int]],
    *,
    distinct: bool = False,
) -> Iterator[Drawn]:
    """Draw without end: family uniformly, then size uniformly in its range, ends included.

    Args:
        rng: where chance comes from.
        splits: the splits whose questions may be drawn.
        sizes: smallest and largest size of each family.
        distinct: never yield a question twice.

    Raises:
        UserError: the splits hold hardly any (new) question of the family and size that is due.
    """
    seen: set[str] = set()
    families = list(sizes)
    while True:
        family = rng.choice(families)
        size = rng.randint(*sizes[family])
        question = _draw_new(rng, splits, family, size, seen)
        if distinct:
            seen.add(digest_of(question))
        yield Drawn(family=family, size=size, question=question)


def _draw_new(rng: random.Random, splits: Collection[Split], family: Family, size: int, seen: Collection[str]) -> Question:
    for _ in range(MAX_TRIES):
        question = draw_question(family, size, rng)
        if split_of(question) in splits and digest_of(question) not in seen:
            return question
    raise UserError(
        f"miniature: no new {family} question of size {size} in the split {'/'.join(sorted(splits))} after "
        f"{len(seen)} questions and {MAX_TRIES} tries; ask for fewer questions or a wider range of sizes"
    )
