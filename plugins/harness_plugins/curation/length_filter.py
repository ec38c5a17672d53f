"""length-filter: keep the shortest, the longest, or a middle range of the responses.

Short-only data is the trap this project was built around: it can raise the SFT score and lower the result after RL. With
`per_source`, lengths are compared within each source, so that short-only does not turn into one-family-only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from harness import Context, Curated, Curation, Example, hookimpl
from harness_plugins.curation.ranking import apportion, check_size, ranked, size_by_settings, size_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of `length-filter`."""

    keep: Literal["shortest", "longest", "between"]
    """`shortest` and `longest` take `examples` or `share`; `between` takes `low`/`high` or
    `low_quantile`/`high_quantile`."""
    unit: Literal["tokens", "characters"] = "tokens"
    """What the length of a response is counted in; tokens are the base's."""
    examples: Annotated[int, Ge(1)] | None = None
    """Examples to keep; ties in length are broken by a seeded lot."""
    share: Annotated[float, Gt(0), Le(1)] | None = None
    """Share of the examples to keep, in (0, 1], rounded to whole examples."""
    low: Annotated[int, Ge(0)] | None = None
    """Shortest length to keep, inclusive, in `unit`."""
    high: Annotated[int, Ge(0)] | None = None
    """Longest length to keep, inclusive, in `unit`."""
    low_quantile: Annotated[float, Ge(0), Lt(1)] | None = None
    """Keep from this quantile of the ranking by length on, in [0, 1)."""
    high_quantile: Annotated[float, Gt(0), Le(1)] | None = None
    """Keep up to this quantile of the ranking by length, in (0, 1]."""
    per_source: bool = False
    """Rank within each source and keep of each in proportion to its size, instead of ranking all together."""

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        lengths = self.low is not None or self.high is not None
        quantiles = self.low_quantile is not None or self.high_quantile is not None
        if self.keep != "between":
            check_size(self.keep, self.examples, self.share)
            if lengths or quantiles:
                raise ValueError(f"keep {self.keep!r} takes no low or high bounds; use keep 'between'")
        elif self.examples is not None or self.share is not None or lengths == quantiles:
            raise ValueError("keep 'between' takes 'low'/'high' or 'low_quantile'/'high_quantile', and no size")
        elif lengths and self.per_source:
            raise ValueError("'per_source' changes nothing under 'low'/'high'; use the quantiles")
        if (self.low or 0) > (self.low or 0 if self.high is None else self.high):
            raise ValueError(f"'low' {self.low} is above 'high' {self.high}; swap them")
        if (self.low_quantile or 0) >= (1 if self.high_quantile is None else self.high_quantile):
            raise ValueError(f"'low_quantile' {self.low_quantile} is not below 'high_quantile'; swap them")


def keep_by_length(data: Curated, params: Params, context: Context) -> Curated:
    """Keep examples by the length of their responses, in the order they came in.

    Raises:
        ValueError: more examples are asked for than there are, or none is kept.
    """
    size: Callable[[str], int] = len if params.unit == "characters" else context.count_tokens
    lengths = [size(example.response) for example in data.examples]
    if params.low is not None or params.high is not None:
        kept = _within(lengths, params)
    else:
        kept = _by_rank(data.examples, lengths, params, context)
    if not kept:
        raise ValueError(_emptied(lengths, params))
    return replace(data, examples=tuple(data.examples[i] for i in sorted(kept)))


def _within(lengths: list[int], params: Params) -> list[int]:
    low = params.low or 0
    return [i for i, n in enumerate(lengths) if low <= n and (params.high is None or n <= params.high)]


def _by_rank(examples: tuple[Example, ...], lengths: list[int], params: Params, context: Context) -> list[int]:
    ranking = ranked(examples, lengths, "length-filter", context.seed)
    groups: dict[str, list[int]] = {}
    for i in ranking:
        groups.setdefault(examples[i].source if params.per_source else "", []).append(i)
    if params.keep == "between":
        return [i for group in groups.values() for i in _between(group, params)]
    total = size_of("length-filter", len(examples), params.examples, params.share, context.scale)
    quotas = apportion(total, [len(group) for group in groups.values()])
    return [i for group, quota in zip(groups.values(), quotas, strict=True) for i in _end(group, quota, params.keep)]


def _between(group: list[int], params: Params) -> list[int]:
    high = 1.0 if params.high_quantile is None else params.high_quantile
    return group[_position(params.low_quantile or 0.0, group) : _position(high, group)]


def _position(quantile: float, group: list[int]) -> int:
    return floor(Fraction(str(quantile)) * len(group) + Fraction(1, 2))


def _end(group: list[int], quota: int, keep: str) -> list[int]:
    return group[:quota] if keep == "shortest" else group[len(group) - quota :]


def _emptied(lengths: list[int], params: Params) -> str:
    if not lengths:
        return "length-filter: the set is empty before this filter; look at the curations above it"
    return (
        f"length-filter: none of {len(lengths)} examples is left, their responses have "
        f"{min(lengths)} to {max(lengths)} {params.unit}; widen the bounds"
    )


@hookimpl
def harness_curations() -> Iterator[Curation]:
    """Offer `length-filter`."""
    yield Curation(
        name="length-filter",
        version="1",
        summary="keep the shortest, the longest, or a middle range of the responses",
        params=Params,
        size=size_by_settings,
        load=lambda: keep_by_length,
    )
