"""difficulty: keep examples by how often the base already solves their prompts.

The base's own pass rate comes from samples the host draws first; it costs sampling, no training.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from harness import Context, Curated, Curation, Example, hookimpl
from harness_plugins.curation.ranking import check_size, ranked, size_by_settings, size_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of `difficulty`."""

    keep: Literal["easiest", "hardest", "between"]
    """`easiest` (highest pass rate) and `hardest` take `examples` or `share`; `between` takes `low`, `high` or both."""
    examples: Annotated[int, Ge(1)] | None = None
    """Examples to keep; equal pass rates are ordered by a seeded lot."""
    share: Annotated[float, Gt(0), Le(1)] | None = None
    """Share of the examples to keep, in (0, 1], rounded to whole examples."""
    low: Annotated[float, Ge(0), Le(1)] | None = None
    """Lowest pass rate to keep, inclusive, in [0, 1]."""
    high: Annotated[float, Ge(0), Le(1)] | None = None
    """Highest pass rate to keep, inclusive, in [0, 1]."""
    unknown: Literal["refuse", "drop"] = "refuse"
    """What to do with examples that have no pass rate (no gold answer, say); dropping them in silence would hide
    that answers are missing."""

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        bounded = self.low is not None or self.high is not None
        if self.keep != "between":
            check_size(self.keep, self.examples, self.share)
            if bounded:
                raise ValueError(f"keep {self.keep!r} takes no 'low' or 'high'; use keep 'between'")
        elif not bounded or self.examples is not None or self.share is not None:
            raise ValueError("keep 'between' takes 'low' or 'high' or both, and no size")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"'low' {self.low} is above 'high' {self.high}; swap them")


def keep_by_difficulty(data: Curated, params: Params, context: Context) -> Curated:
    """Keep examples by the base's pass rate, in the order they came in.

    Raises:
        ValueError: pass rates are missing, more examples are asked for than there are, or none is kept.
    """
    examples = _rated(data.examples, params, context)
    rates = [context.pass_rates[example.id] for example in examples]
    if params.keep == "between":
        low, high = params.low or 0.0, 1.0 if params.high is None else params.high
        kept = [i for i, rate in enumerate(rates) if low <= rate <= high]
    else:
        ranking = ranked(examples, rates, "difficulty", context.seed)
        size = size_of("difficulty", len(examples), params.examples, params.share, context.scale)
        kept = ranking[:size] if params.keep == "hardest" else ranking[len(ranking) - size :]
    if not kept:
        raise ValueError(_emptied(rates))
    return replace(data, examples=tuple(examples[i] for i in sorted(kept)))


def _rated(examples: tuple[Example, ...], params: Params, context: Context) -> tuple[Example, ...]:
    rated = tuple(example for example in examples if example.id in context.pass_rates)
    if len(rated) < len(examples) and params.unknown == "refuse":
        first = next(example.id for example in examples if example.id not in context.pass_rates)
        raise ValueError(
            f"difficulty: {len(examples) - len(rated)} of {len(examples)} examples have no pass rate, {first!r} for one; "
            "give them answers, or set 'unknown' to 'drop'"
        )
    return rated


def _emptied(rates: list[float]) -> str:
    if not rates:
        return "difficulty: no example has a pass rate; give the examples answers"
    return (
        f"difficulty: none of {len(rates)} examples is left, the base's pass rates go "
        f"from {min(rates):.3g} to {max(rates):.3g}; widen the bounds"
    )


@hookimpl
def harness_curations() -> Iterator[Curation]:
    """Offer `difficulty`."""
    yield Curation(
        name="difficulty",
        version="1",
        summary="keep examples by how often the base already solves them",
        params=Params,
        size=size_by_settings,
        load=lambda: keep_by_difficulty,
        needs_pass_rates=True,
    )
