"""What the trackers have in common: a study opened, numbers, a summary, files, an end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_TEXT = 500
"""Longest value of a setting; MLflow takes no more everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """The study that is tracked."""

    name: str
    folder: Path
    settings: Mapping[str, str]
    """The recipe, flat: `rl.learning_rate`."""


class Sink(Protocol):
    """One tracker, open for one study."""

    def numbers(self, series: str, step: int, values: Mapping[str, float]) -> None:
        """Add a row to a series such as "rl/half x2/seed 0"."""

    def summary(self, values: Mapping[str, float]) -> None:
        """Add the study's final numbers, by name."""

    def file(self, path: Path) -> None:
        """Keep a file with the study."""

    def close(self, status: str) -> None:
        """End: `done`, `failed` or `interrupted`."""


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """Return a nested value as texts by dotted name; lists count from 0."""
    if isinstance(value, dict):
        pairs = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, list):
        pairs = [(str(i), part) for i, part in enumerate(value)]
    else:
        return {prefix: str(value)[:MAX_TEXT]}
    found: dict[str, str] = {}
    for key, part in pairs:
        found |= flat(part, f"{prefix}.{key}" if prefix else key)
    return found


def plain_name(name: str) -> str:
    """Return a name that every tracker takes: letters, digits, space and ``_ - . /``; pass@64 becomes pass_at_64."""
    return re.sub(r"[^\w\-. /]", "_", name.replace("@", "_at_"), flags=re.ASCII)
