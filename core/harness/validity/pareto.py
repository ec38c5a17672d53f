"""Cost beside quality: which proxies are worth their price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.estimators.estimate import finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoPoint:
    """One proxy's quality and cost among the others'."""

    name: str
    quality: float | None
    """Higher is better: Spearman with the outcome, say."""
    cost: float | None
    """Lower is better: samples, tokens or seconds."""
    on_front: bool | None
    """No other is at least as good and as cheap, and better in one of the two; None where quality or cost is undefined."""
    dominated_by: tuple[str, ...] = ()
    """The others that are."""
    reason: str | None = None
    """Why it could not be placed."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            "name": self.name,
            "quality": finite(self.quality),
            "cost": finite(self.cost),
            "on_front": self.on_front,
            "dominated_by": list(self.dominated_by),
            **({"reason": self.reason} if self.reason else {}),
        }


def pareto(rows: Iterable[tuple[str, float | None, float | None]]) -> list[ParetoPoint]:
    """Say of each proxy which others make it pointless.

    Equals do not dominate each other. A proxy whose quality or cost is undefined (None or NaN) neither dominates nor is
    dominated. Quality is taken as it stands: that its interval overlaps another's is for the reader to see.

    Args:
        rows: name, quality (higher is better) and cost (lower is better) of each.

    Returns:
        One point a row, in their order.

    Raises:
        UserError: two rows of one name.
    """
    table = list(rows)
    names = [name for name, _, _ in table]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise UserError(f"pareto: two rows are called {min(twice)!r}; give each its own name")
    points = [ParetoPoint(name=n, quality=finite(q), cost=finite(c), on_front=None) for n, q, c in table]
    return [_placed(point, points) for point in points]


def _placed(point: ParetoPoint, points: Sequence[ParetoPoint]) -> ParetoPoint:
    """Name the others that dominate a point."""
    if point.quality is None or point.cost is None:
        undefined = "quality" if point.quality is None else "cost"
        return replace(point, reason=f"its {undefined} is undefined")
    above = []
    for other in points:
        if other.quality is None or other.cost is None:
            continue
        is_equal = (other.quality, other.cost) == (point.quality, point.cost)
        if other.quality >= point.quality and other.cost <= point.cost and not is_equal:
            above.append(other.name)
    return replace(point, on_front=not above, dominated_by=tuple(above))
