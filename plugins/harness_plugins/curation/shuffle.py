"""shuffle: put the examples in seeded random order.

Order matters where a set is cut from its end to meet a token budget: a set that lists one source after another
would lose its last source first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness import Context, Curated, Curation, NoParams, hookimpl
from harness_plugins.curation.ranking import by_lot


def shuffle(data: Curated, _params: NoParams, context: Context) -> Curated:
    """Return the same examples in an order that depends on the seed and their ids only."""
    return replace(data, examples=tuple(by_lot(data.examples, "shuffle", context.seed)))


@hookimpl
def harness_curations() -> Iterator[Curation]:
    """Offer `shuffle`."""
    yield Curation(
        name="shuffle",
        version="1",
        summary="put the examples in seeded random order",
        load=lambda: shuffle,
    )
