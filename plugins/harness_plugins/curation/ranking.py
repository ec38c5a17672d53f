"""How curations choose: seeded lots, rankings whose ties are broken by lot, and fair quotas.

A lot is a hash of (purpose, seed, example id). So a choice depends neither on the order of the examples nor on
how many there are, and a smaller random subset lies within a larger one drawn with the same seed.
"""

from __future__ import annotations

from fractions import Fraction
from hashlib import blake2b
from math import floor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness import Example


def lot(example: Example, purpose: str, seed: int) -> bytes:
    """Draw an example's lot."""
    return blake2b(f"{purpose}\0{seed}\0{example.id}".encode("utf-8", "surrogatepass"), digest_size=8).digest()


def by_lot(examples: Iterable[Example], purpose: str, seed: int) -> list[Example]:
    """Return the examples in seeded random order."""
    return sorted(examples, key=lambda example: (lot(example, purpose, seed), example.id))


def ranked(examples: Sequence[Example], measure: Sequence[float], purpose: str, seed: int) -> list[int]:
    """Return the positions of the examples from the lowest measure to the highest, ties broken by lot."""
    return sorted(range(len(examples)), key=lambda i: (measure[i], lot(examples[i], purpose, seed), examples[i].id))


def check_size(keep: str, examples: int | None, share: float | None) -> None:
    """Demand exactly one of `examples` and `share`.

    Raises:
        ValueError: both or neither are given.
    """
    if (examples is None) == (share is None):
        raise ValueError(f"keep {keep!r} takes either 'examples' or 'share'; give exactly one")


def scaled(examples: int, scale: float) -> int:
    """Return how many examples a count stands for on a set of another size (`Context.scale`); at least one."""
    return examples if scale == 1 else max(1, floor(Fraction(examples) * Fraction(scale) + Fraction(1, 2)))


def size_of(purpose: str, total: int, examples: int | None, share: float | None, scale: float = 1.0) -> int:
    """Return how many of `total` examples to keep.

    Raises:
        ValueError: more are wanted than there are, or the share of them rounds to none.
    """
    examples = None if examples is None else scaled(examples, scale)
    if examples is not None and examples > total:
        raise ValueError(f"{purpose}: {examples} examples are asked for and {total} are left; lower 'examples'")
    if examples is not None:
        return examples
    size = floor(Fraction(str(share)) * total + Fraction(1, 2))
    if size == 0:
        raise ValueError(f"{purpose}: a share of {share} of {total} examples is none; raise 'share'")
    return size


def size_by_settings(params: Any, incoming: int | None, _chain: object) -> int | None:
    """Return how many examples settings with `examples` and `share` leave at most."""
    if params.examples is not None:
        return int(params.examples)
    return incoming if params.share is None or incoming is None else round(params.share * incoming)


def apportion(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Split a total in proportion to weights by largest remainders; ties go to the earlier one."""
    whole = sum(weights)
    exact = [Fraction(total) * weight / whole for weight in weights]
    quotas = [floor(quota) for quota in exact]
    by_remainder = sorted(range(len(weights)), key=lambda i: (quotas[i] - exact[i], i))
    for i in by_remainder[: total - sum(quotas)]:
        quotas[i] += 1
    return quotas
