"""The step facts every trace is made of, right or (for pretraining text) wrong in the two ways people are.

A *slip* is a random wrong step; independent slips leave every problem a fair chance in 64 tries, so pass@64 saturates. A
*misconception* is a fact believed wrongly nearly always ("7*8 ends in 4"): problems that need it stay hard however often
one tries, until correct data teaches the fact. The base is pretrained on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness_plugins.miniature.vocabulary import OPERATORS

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

ModularFact = tuple[int, str, int]
ColumnFact = tuple[int, int, int]


class Arithmetic:
    """Exact facts."""

    def modular(self, left: int, operator: str, right: int) -> int:
        """`left operator right` modulo 10, with digits for operands."""
        if operator == "+":
            return (left + right) % 10
        if operator == "-":
            return (left - right) % 10
        return (left * right) % 10

    def column(self, upper: int, lower: int, carry: int) -> int:
        """One column of an addition: the sum, carry in, 0 to 19."""
        return upper + lower + carry


@dataclass(frozen=True, slots=True, kw_only=True)
class Misconceptions:
    """Facts believed wrongly, and what is believed instead."""

    modular: Mapping[ModularFact, int]
    column: Mapping[ColumnFact, int]


NO_MISCONCEPTIONS = Misconceptions(modular={}, column={})


def draw_misconceptions(rng: random.Random, share: float) -> Misconceptions:
    """Make each fact wrong with probability `share`; a believed value always differs from the true one."""
    exact = Arithmetic()
    modular: dict[ModularFact, int] = {}
    column: dict[ColumnFact, int] = {}
    digits = range(10)
    for operator in OPERATORS:
        for left in digits:
            for right in digits:
                if rng.random() < share:
                    truth = exact.modular(left, operator, right)
                    modular[left, operator, right] = (truth + rng.randint(1, 9)) % 10
    for upper in digits:
        for lower in digits:
            for carry in (0, 1):
                if rng.random() < share:
                    truth = exact.column(upper, lower, carry)
                    near = [value for value in range(truth - 3, truth + 4) if 0 <= value <= 19 and value != truth]
                    column[upper, lower, carry] = rng.choice(near)
    return Misconceptions(modular=modular, column=column)


class FaultyArithmetic(Arithmetic):
    """Facts as the author of noisy text believes them."""

    def __init__(
        self, rng: random.Random, *, slip: float, misconceptions: Misconceptions = NO_MISCONCEPTIONS, belief: float = 0.9
    ) -> None:
        """Say how it errs.

        Args:
            rng: drawn from at every step.
            slip: probability that a step is replaced by a uniform value.
            misconceptions: facts believed wrongly.
            belief: probability that a misconception is followed where it applies.
        """
        self._rng, self._slip, self._belief = rng, slip, belief
        self._misconceptions = misconceptions

    def modular(self, left: int, operator: str, right: int) -> int:
        """The digit this author would write."""
        believed = self._misconceptions.modular.get((left, operator, right))
        if believed is not None and self._rng.random() < self._belief:
            return believed
        if self._rng.random() < self._slip:
            return self._rng.randrange(10)
        return super().modular(left, operator, right)

    def column(self, upper: int, lower: int, carry: int) -> int:
        """The column sum this author would write, 0 to 19."""
        believed = self._misconceptions.column.get((upper, lower, carry))
        if believed is not None and self._rng.random() < self._belief:
            return believed
        if self._rng.random() < self._slip:
            return self._rng.randrange(20)
        return super().column(upper, lower, carry)
