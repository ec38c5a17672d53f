"""The filter before the ranking: candidates low in accuracy and high in loss are dropped.

Quagmires in SFT-RL (arXiv 2510.01624) drops candidates with low pass@1 and high generalization loss and ranks the rest by
pass@64; where "low" and "high" begin it leaves open, and here both are the median of the candidates.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What the filter did."""

    accuracy: str
    """Name of the proxy that says how accurate a candidate is."""
    loss: str | None = None
    """Name of the proxy that says its held-out loss; None without held-out traces."""
    median_accuracy: float | None = None
    median_loss: float | None = None
    dropped: tuple[str, ...] = ()
    """Accuracy below its median and loss above its median, both strictly."""
    at_median: tuple[str, ...] = ()
    """Kept because one of the two equals its median, and the other is on the bad side."""
    unread: tuple[str, ...] = ()
    """Kept because one of the two is undefined."""
    reason: str | None = None
    """Why the filter was not applied; None where it was."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {"applied": self.reason is None, **asdict(self)}


def drop_low_and_high(
    accuracies: Mapping[str, float | None], losses: Mapping[str, float | None] | None, *, accuracy: str, loss: str | None
) -> Filter:
    """Drop the candidates whose accuracy is below the median and whose loss is above it.

    Args:
        accuracies: by candidate, higher is better; None where undefined.
        losses: by candidate, lower is better; None as a whole without held-out traces.
        accuracy: name of the first, for the report.
        loss: name of the second.
    """
    if losses is None or loss is None:
        return Filter(accuracy=accuracy, reason="no held-out traces were given (--heldout), so no loss was measured")
    if len(accuracies) < 2:
        return Filter(accuracy=accuracy, loss=loss, reason="one checkpoint has nothing to be compared with")
    known = {n: (a, b) for n, a in accuracies.items() if a is not None and (b := losses[n]) is not None}
    unread = tuple(name for name in accuracies if name not in known)
    if len(known) < 2:
        reason = f"{accuracy} and {loss} are both defined for fewer than two checkpoints"
        return Filter(accuracy=accuracy, loss=loss, unread=unread, reason=reason)
    middle, top = (median(pair[i] for pair in known.values()) for i in (0, 1))
    bad = [name for name, (a, b) in known.items() if a <= middle and b >= top]
    dropped = tuple(name for name in bad if known[name][0] < middle and known[name][1] > top)
    return Filter(
        accuracy=accuracy,
        loss=loss,
        median_accuracy=middle,
        median_loss=top,
        dropped=dropped,
        at_median=tuple(name for name in bad if name not in dropped),
        unread=unread,
    )
