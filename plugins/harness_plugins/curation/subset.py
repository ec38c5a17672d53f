"""subset: keep a number of examples, drawn at random or from the start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from annotated_types import Ge

from harness import Context, Curated, Curation, hookimpl
from harness_plugins.curation.ranking import by_lot, scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of `subset`."""

    examples: Annotated[int, Ge(1)]
    """Examples to keep."""
    choose: Literal["random", "first"] = "random"
    """`random` draws without replacement, in drawn order: with one seed, a smaller subset is the start of a larger
    one. `first` takes the start of the set as it stands."""
    at_most: bool = False
    """Keep all of a set that has fewer; off, since two strategies would silently become the same."""


def keep_subset(data: Curated, params: Params, context: Context) -> Curated:
    """Keep `params.examples` examples.

    Raises:
        ValueError: the set has fewer, and `at_most` is not set.
    """
    size = scaled(params.examples, context.scale)
    if len(data.examples) < size and not params.at_most:
        raise ValueError(
            f"subset: {size} examples are asked for and the set has {len(data.examples)}; "
            "lower 'examples', or set 'at_most' to true"
        )
    if params.choose == "first":
        return replace(data, examples=data.examples[:size])
    return replace(data, examples=tuple(by_lot(data.examples, "subset", context.seed)[:size]))


@hookimpl
def harness_curations() -> Iterator[Curation]:
    """Offer `subset`."""
    yield Curation(
        name="subset",
        version="1",
        summary="keep a number of examples, drawn at random or from the start",
        params=Params,
        selects=False,
        size=lambda params, incoming, _chain: min(params.examples, incoming or params.examples),
        load=lambda: keep_subset,
    )
