"""where: keep the examples whose source, or one of whose meta fields, has one of the given values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import MinLen

from harness import Context, Curated, Curation, Example, hookimpl


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of `where`."""

    field: Annotated[str, MinLen(1)]
    """`source`, or a key of the examples' meta."""
    values: Annotated[tuple[str, ...], MinLen(1)]
    """Values to keep, compared letter by letter."""
    drop: bool = False
    """Keep the others instead, examples without the field among them."""


def keep_where(data: Curated, params: Params, _context: Context) -> Curated:
    """Keep the examples with the wanted values, in the order they came in.

    Raises:
        ValueError: none is left; the message tells which values occur.
    """
    wanted = frozenset(params.values)
    kept = tuple(e for e in data.examples if (_value(e, params.field) in wanted) is not params.drop)
    if not kept:
        raise ValueError(_emptied(data.examples, params))
    return replace(data, examples=kept)


def _value(example: Example, field: str) -> str | None:
    return example.source if field == "source" else example.meta.get(field)


def _emptied(examples: tuple[Example, ...], params: Params) -> str:
    verb = "avoids" if params.drop else "has"
    start = f"where: none of {len(examples)} examples {verb} {params.field} {' or '.join(map(repr, params.values))}"
    found = Counter(value for e in examples if (value := _value(e, params.field)) is not None)
    if found:
        listed = ", ".join(f"{value!r} ({num})" for value, num in found.most_common(8))
        return f"{start}; the values are: {listed}"
    fields = sorted({"source", *(key for example in examples for key in example.meta)})
    return f"{start}; no example has that field, the fields are: {', '.join(fields)}"


@hookimpl
def harness_curations() -> Iterator[Curation]:
    """Offer `where`."""
    yield Curation(
        name="where",
        version="1",
        summary="keep the examples whose source or meta field has one of the given values",
        params=Params,
        load=lambda: keep_where,
    )
