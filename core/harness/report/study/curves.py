"""Training curves from the metrics.jsonl of a study's SFT and RL runs, thinned to what a chart can show."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.report.study.find import Artifacts

MOST_POINTS = 160
"""Points a curve: a chart of 600 pixels shows no more."""

SHOWN = {
    "sft": {"loss": "SFT loss, nats per token"},
    "rl": {
        "reward": "RL reward, mean over completions",
        "monitor_accuracy": "Accuracy on the monitor's problems",
        "entropy": "Token entropy, nats",
        "length_mean": "Completion length, tokens",
    },
}
"""Metrics by kind of run, and how a chart calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One metric of one run."""

    kind: str
    """`sft` or `rl`."""
    metric: str
    candidate: str
    seed: int
    points: tuple[tuple[float, float], ...]
    """(step, value)."""


def curves(artifacts: Artifacts | None) -> list[Curve]:
    """Read the curves that are still in the store."""
    return list(_read(artifacts)) if artifacts is not None else []


def _read(artifacts: Artifacts) -> Iterator[Curve]:
    for kind, metrics in SHOWN.items():
        for position, candidate in enumerate(artifacts.layout["candidates"]):
            for seed in artifacts.layout["seeds"]:
                place = artifacts.place(f"{kind}/{position}/{seed}")
                rows = _rows(place / "metrics.jsonl") if place else []
                for metric in metrics:
                    points = _points(rows, metric)
                    if len(points) > 1:
                        yield Curve(
                            kind=kind, metric=metric, candidate=candidate["name"], seed=seed, points=_thinned(points)
                        )


def _rows(path: Path) -> list[Mapping[str, Any]]:
    """Read what a trainer logged; a plug-in's file that is no metrics has none."""
    if not path.is_file():
        return []
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError:
        return []
    return [row for row in rows if isinstance(row, dict)]


def _points(rows: list[Mapping[str, Any]], metric: str) -> list[tuple[float, float]]:
    found = []
    for position, row in enumerate(rows, start=1):
        step, value = row.get("step", position), row.get(metric)
        if all(isinstance(x, int | float) and math.isfinite(x) for x in (step, value)):
            found.append((float(step), float(value)))  # type: ignore[arg-type]
    return found


def _thinned(points: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Average neighbours where there are more points than a chart shows; the last step keeps its place."""
    width = math.ceil(len(points) / MOST_POINTS)
    parts = [points[i : i + width] for i in range(0, len(points), width)]
    return tuple((part[-1][0], sum(value for _, value in part) / len(part)) for part in parts)
