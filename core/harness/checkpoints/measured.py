"""What was measured before RL, read again from counts.parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.result.counts import read_counts_table

if TYPE_CHECKING:
    from pathlib import Path

    from harness.values import Counts


def pre_counts(path: Path) -> dict[str, list[Counts]]:
    """Read the counts before RL of every candidate, one entry a seed and benchmark.

    Args:
        path: a counts.parquet.

    Raises:
        DataError: the file cannot be used.
    """
    return {
        candidate: [entry for entries in phases.get("pre", {}).values() for entry in entries]
        for candidate, phases in read_counts_table(path).items()
    }
