"""A proxy as a column of readings, one a candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError, UserError, suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_CANDIDATES = 2000
"""Every statistic compares each candidate with each; above this that is no longer a matter of seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyColumn:
    """What one proxy said of every candidate."""

    name: str
    higher_is_better: bool
    values: NDArray[np.float64]
    """Shape (candidates,); NaN where the proxy is undefined."""
    trivial: bool = False
    """A trivial baseline: shown on every board, never a contender."""
    cost: Mapping[str, float] = field(default_factory=dict)
    """What it cost to measure ("samples", "tokens", "seconds", …); handed through."""
    reads_rl: float = 0.0
    """The RL steps it looks into; against outcomes up to there it foretells nothing. 0: measured before RL."""

    def claimed(self) -> NDArray[np.float64]:
        """Return the values signed so that higher means a better outcome, as the proxy claims."""
        values = np.asarray(self.values, dtype=np.float64)
        return values if self.higher_is_better else -values


def check_columns(columns: Sequence[ProxyColumn], outcome: NDArray[np.float64], families: Sequence[str]) -> None:
    """Refuse columns that do not fit the outcome.

    Raises:
        DataError: lengths differ, an infinite value, or too many candidates.
        UserError: two proxies of one name.
    """
    size = len(outcome)
    if size > MOST_CANDIDATES:
        raise DataError(f"validity: {size} candidates; at most {MOST_CANDIDATES} can be judged together")
    lengths = {"families": len(families), **{f"proxy {c.name!r}": len(c.values) for c in columns}}
    for what, length in lengths.items():
        if length != size:
            raise DataError(f"validity: {what}: {length} entries for {size} candidates; give one a candidate")
    for column in columns:
        if np.isinf(column.values).any():
            raise DataError(f"validity: proxy {column.name!r}: an infinite value; use NaN for undefined")
    names = [column.name for column in columns]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise UserError(f"validity: two proxies are called {min(twice)!r}; give each its own name")


def check_board(
    columns: Sequence[ProxyColumn], outcome: NDArray[np.float64], families: Sequence[str], baseline: str
) -> None:
    """Refuse a board whose parts do not fit together.

    Raises:
        DataError: lengths differ, an infinite value, or too many candidates.
        UserError: two proxies of one name, or an unknown baseline.
    """
    check_columns(columns, outcome, families)
    names = [column.name for column in columns]
    if baseline not in names:
        raise UserError(f"validity: no proxy is called {baseline!r}, the baseline; {suggest(baseline, names)}")
