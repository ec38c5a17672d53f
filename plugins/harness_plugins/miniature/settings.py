"""Settings that the miniature's data sources share: families, ranges of sizes, weights of styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Le, Len

if TYPE_CHECKING:
    from harness_plugins.miniature.families import Family
    from harness_plugins.miniature.styles import Style

FamilyNames = Annotated[tuple[Literal["chain", "dag", "add", "countdown"], ...], Len(1)]
ChainSizes = tuple[Annotated[int, Ge(2), Le(16)], Annotated[int, Ge(2), Le(16)]]
DagSizes = tuple[Annotated[int, Ge(2), Le(10)], Annotated[int, Ge(2), Le(10)]]
AddSizes = tuple[Annotated[int, Ge(1), Le(10)], Annotated[int, Ge(1), Le(10)]]
Weight = Annotated[float, Ge(0), Le(1_000)]

Sizes = dict["Family", tuple[int, int]]


def sizes_of(families: tuple[Family, ...], chain: ChainSizes, dag: DagSizes, add: AddSizes) -> Sizes:
    """Smallest and largest size of each family that is asked for.

    Raises:
        ValueError: a family named twice, or a range upside down.
    """
    ranges: Sizes = {"chain": chain, "dag": dag, "add": add, "countdown": (3, 3)}
    for family in families:
        if families.count(family) > 1:
            raise ValueError(f"families: {family!r} is named twice; name each family once")
        low, high = ranges[family]
        if low > high:
            raise ValueError(f"{family}: [{low}, {high}] is upside down; give the smaller size first")
    return {family: ranges[family] for family in families}


def weights_of(direct: float, terse: float, worked: float, verify: float) -> dict[Style, float]:
    """Weight of each style.

    Raises:
        ValueError: all are 0.
    """
    weights: dict[Style, float] = {"direct": direct, "terse": terse, "worked": worked, "verify": verify}
    if not any(weights.values()):
        raise ValueError("direct, terse, worked and verify are all 0; give one style a weight above 0")
    return weights
