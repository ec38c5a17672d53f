"""epochs: set how often SFT goes over the examples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import Ge

from harness import Context, Curated, Curation, hookimpl


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of `epochs`."""

    epochs: Annotated[int, Ge(1)]
    """Whole passes over the examples; replaces what the chain had set before."""


def set_epochs(data: Curated, params: Params, _context: Context) -> Curated:
    """Set the number of passes; the examples stay as they are."""
    return replace(data, epochs=params.epochs)


@hookimpl
def harness_curations() -> Iterator[Curation]:
    """Offer `epochs`."""
    yield Curation(
        name="epochs",
        version="1",
        summary="set how often SFT goes over the examples",
        params=Params,
        epochs=lambda params: int(params.epochs),
        selects=False,
        load=lambda: set_epochs,
    )
