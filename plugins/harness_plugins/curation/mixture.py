"""mixture: put a training set together from parts, each with its own curation and source.

An example goes in once: a later part draws from what the earlier parts left. The result is in seeded random
order, so that a cut to a token budget keeps the proportions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated

from annotated_types import Ge, Gt, Le, MinLen

from harness import Context, Curated, Curation, CurationChain, Example, hookimpl
from harness_plugins.curation.ranking import apportion, by_lot, scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a mixture."""

    curate: CurationChain = ()
    """Curations this part goes through first; `epochs` belongs after the mixture."""
    pool: str | None = None
    """The recipe's data source it starts from, by name; null: the set that comes into the mixture."""
    examples: Annotated[int, Ge(1)] | None = None
    """Examples to draw at random from the part; null, without `share`: all of it."""
    share: Annotated[float, Gt(0), Le(1)] | None = None
    """The part's share of the mixture, in (0, 1]; all parts have one and they sum to 1, or none has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of `mixture`."""

    parts: Annotated[tuple[Part, ...], MinLen(1)]
    """What is mixed."""
    examples: Annotated[int, Ge(1)] | None = None
    """Examples of the whole mixture, which the parts' shares divide; null: as many as come in."""

    def __post_init__(self) -> None:
        """Refuse shares that do not divide a whole."""
        shares = [Fraction(str(part.share)) for part in self.parts if part.share is not None]
        if not shares and self.examples is not None:
            raise ValueError("'examples' of a mixture needs a 'share' in each part; or give each part its 'examples'")
        if not shares:
            return
        if len(shares) < len(self.parts) or any(part.examples is not None for part in self.parts):
            raise ValueError("some parts have 'share' and some do not; give each a 'share' and no 'examples'")
        if abs(sum(shares, Fraction(0)) - 1) > Fraction(1, 10**6):
            raise ValueError(f"the parts' shares sum to {float(sum(shares)):g}; make them sum to 1")


def mix(data: Curated, params: Params, context: Context) -> Curated:
    """Draw each part in turn and shuffle them together.

    Raises:
        ValueError: a pool is not in the recipe, a part has too few examples or sets epochs; the message names the part.
    """
    taken: dict[str, Example] = {}
    for index, (part, size) in enumerate(zip(params.parts, _sizes(data, params, context.scale), strict=True)):
        offered = _unseen(_curated(data, part, index, context), taken)
        wanted = len(offered) if size is None else size
        if len(offered) < wanted or not offered:
            raise ValueError(
                f"mixture: parts[{index}] wants {wanted} examples and has {len(offered)} that no earlier part took; "
                "lower its size, or widen its curation"
            )
        drawn = by_lot(offered, f"mixture {index}", context.seed)[:wanted]
        taken.update((example.id, example) for example in drawn)
    return replace(data, examples=tuple(by_lot(taken.values(), "mixture", context.seed)))


def _sizes(data: Curated, params: Params, scale: float) -> list[int | None]:
    shares = [Fraction(str(part.share)) for part in params.parts if part.share is not None]
    if not shares:
        return [None if part.examples is None else scaled(part.examples, scale) for part in params.parts]
    total = len(data.examples) if params.examples is None else scaled(params.examples, scale)
    return list(apportion(total, shares))


def _curated(data: Curated, part: Part, index: int, context: Context) -> tuple[Example, ...]:
    if part.pool is not None and part.pool not in context.pools:
        known = ", ".join(sorted(context.pools)) or "none"
        raise ValueError(f"mixture: parts[{index}].pool: the recipe's data has no {part.pool!r}; known: {known}")
    examples = data.examples if part.pool is None else context.pools[part.pool]
    if not part.curate:
        return examples
    if context.curate is None:
        raise ValueError("mixture: this place runs no nested curations; use it in a candidate's 'curate'")
    curated = context.curate(Curated(examples=examples), part.curate, index + 1)
    if curated.epochs != 1:
        raise ValueError(f"mixture: parts[{index}] sets epochs to {curated.epochs}; put 'epochs' after the mixture")
    return curated.examples


def _unseen(offered: tuple[Example, ...], taken: dict[str, Example]) -> list[Example]:
    """Leave out what was taken; give an example whose id means another one in the mixture an id of its own."""
    unseen: list[Example] = []
    for example in offered:
        candidate, number = example, 1
        while candidate.id in taken and _content(taken[candidate.id]) != _content(example):
            number += 1
            candidate = replace(example, id=f"{example.id}~{number}")
        if candidate.id not in taken:
            unseen.append(candidate)
    return unseen


def _content(example: Example) -> tuple[str, str, str | None, str]:
    return example.prompt, example.response, example.answer, example.source


def count(
    params: Params, incoming: int | None, chain: Callable[[Sequence[Mapping[str, object]], int | None], int | None]
) -> int | None:
    """Return how many examples the mixture has at most; see harness.offers.CountExamples."""
    if any(part.share is not None for part in params.parts):
        return incoming if params.examples is None else params.examples
    total = 0
    for part in params.parts:
        size = part.examples
        if size is None:
            size = chain(part.curate, None if part.pool else incoming)
        if size is None:
            return None
        total += size
    return total


@hookimpl
def harness_curations() -> Iterator[Curation]:
    """Offer `mixture`."""
    yield Curation(
        name="mixture",
        version="1",
        summary="put a training set together from parts with their own curations and sources",
        params=Params,
        load=lambda: mix,
        needs_pools=True,
        size=count,
    )
