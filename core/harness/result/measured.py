"""What was measured of each candidate, gathered over seeds from the artifacts of a study."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.evidence import read_counts, read_metrics
from harness.store import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.store import Ref, Store
    from harness.values import Counts


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A proxy's reading of a candidate: one ProxyValue (as JSON) a seed."""

    by_seed: Mapping[int, Mapping[str, Any]]

    @property
    def value(self) -> float | None:
        """The mean over seeds; None where any seed's is undefined."""
        values = [row["value"] for row in self.by_seed.values()]
        return None if any(v is None for v in values) else sum(values) / len(values)

    def to_json(self) -> dict[str, Any]:
        """Return value, interval (of one seed only: it says nothing of seeds), and why it is undefined."""
        rows = list(self.by_seed.values())
        reason = next((row["reason"] for row in rows if row["value"] is None), None) or rows[0]["reason"]
        one = rows[0] if len(rows) == 1 else {"low": None, "high": None}
        found = {"value": self.value, "low": one["low"], "high": one["high"], "reason": reason}
        if len(rows) > 1:
            found["seeds"] = {str(seed): row["value"] for seed, row in self.by_seed.items()}
        return found


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Counts of one candidate at one moment, by seed."""

    by_seed: Mapping[int, tuple[Counts, ...]]

    @property
    def all(self) -> list[Counts]:
        """The counts of all seeds."""
        return [entry for counts in self.by_seed.values() for entry in counts]

    @property
    def num_samples(self) -> int:
        """The fewest samples a problem."""
        return min(int(entry.num_samples.min()) for entry in self.all)


@dataclass(kw_only=True)
class Measured:
    """One candidate."""

    name: str
    facts: Mapping[str, Any]
    """Its entry in the plan's layout."""
    pre: Phase
    post: Phase | None = None
    along: Mapping[int, Phase] = field(default_factory=dict)
    """By RL step."""
    readings: Mapping[str, Reading] = field(default_factory=dict)
    """By proxy."""
    train_tokens: float = 0.0
    """SFT tokens, mean over seeds; 0 without SFT."""
    examples: int | None = None
    epochs: int | None = None
    rl_steps: int | None = None
    rl_tokens: Mapping[int, float] = field(default_factory=dict)
    """Tokens RL had sampled by each step at which the outcome was measured, mean over seeds."""


def gather(store: Store, inputs: Mapping[str, Ref], layout: Mapping[str, Any]) -> list[Measured]:
    """Read everything the analysis needs, candidate by candidate."""
    seeds: Sequence[int] = layout["seeds"]
    names = [benchmark["name"] for benchmark in layout["benchmarks"]]

    def at(role: str) -> Path:
        return store.artifact(inputs[role])

    def phase(name: str, i: int) -> Phase:
        return Phase(
            by_seed={s: tuple(read_counts(at(f"{name}/{i}/{s}/{b}"), n) for b, n in enumerate(names)) for s in seeds}
        )

    values = [read_json(at(f"proxy/{n}") / "values.json") for n in range(len(layout["proxies"]))]
    found = []
    for i, facts in enumerate(layout["candidates"]):
        one = Measured(name=facts["name"], facts=facts, pre=phase("pre", i))
        one.readings = {
            proxy["name"]: Reading(by_seed={s: rows[f"{i}/{s}"] for s in seeds})
            for proxy, rows in zip(layout["proxies"], values, strict=True)
        }
        if f"curate/{i}/{seeds[0]}" in inputs:
            curated = [read_json(at(f"curate/{i}/{s}") / "curated.json") for s in seeds]
            one.train_tokens = sum(row["train_tokens"] for row in curated) / len(curated)
            one.examples, one.epochs = curated[0]["examples"], curated[0]["epochs"]
        if layout["has_rl"]:
            one.post = phase("post", i)
            one.along = {n: phase(f"at{n}", i) for n in layout["evaluate_at"]}
            one.rl_steps, one.rl_tokens = _rl(at, i, seeds, layout["evaluate_at"])
        found.append(one)
    return found


def _rl(at: Any, i: int, seeds: Sequence[int], steps: Sequence[int]) -> tuple[int, dict[int, float]]:
    """Return the RL steps made, and the tokens spent by each step of interest (`tokens` add up), mean over seeds."""
    runs = [read_metrics(at(f"rl/{i}/{s}")) for s in seeds]
    last = min(len(rows) for rows in runs)
    tokens = {n: sum(rows[n - 1].get("tokens", 0) for rows in runs) / len(runs) for n in (*steps, last)}
    return last, tokens
