"""What is asked of existing checkpoints, and the recipe that asks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.checkpoints.source import Source

BASE_NAME = "base"
"""What the base is called where it is measured as a candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Measure these checkpoints, on these problems, by these proxies."""

    study: str
    """Name of the study in the store: "rank", "gate"."""
    sources: tuple[Source, ...]
    """At least one."""
    benchmarks: tuple[Mapping[str, Any], ...]
    """As a recipe writes them, at least one."""
    proxies: tuple[str, ...]
    """Names or shorthands, the baseline first."""
    samples: int
    """A problem."""
    base: Source | None = None
    """The model they were trained from, for proxies that compare with it."""
    is_base_measured: bool = False
    """Whether the base is a candidate too."""
    heldout: Mapping[str, Any] | None = None
    """The data source of held-out traces."""
    primary: str | None = None
    """The proxy that ranks; None: the largest pass@k."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """What is not the benchmarks' own: max_tokens, temperature, top_p."""
    grader: str | None = None
    """None: the benchmarks' own."""
    engine: Mapping[str, Any] = field(default_factory=lambda: {"use": "local"})
    seed: int = 0

    def recipe(self) -> dict[str, Any]:
        """Return the recipe: candidates with checkpoints, and no rl."""
        common: dict[str, Any] = {"samples": self.samples}
        if self.sampling:
            common["sampling"] = dict(self.sampling)
        if self.grader is not None:
            common["grader"] = {"use": self.grader}
        candidates = [self._candidate(source) for source in self.sources]
        if self.is_base_measured:
            candidates.append({"name": BASE_NAME, "sft": None})
        return {
            "schema_version": 1,
            "name": self.study,
            "seed": self.seed,
            # Without a base nothing is measured of it, and any model will do.
            "base": (self.base or self.sources[0]).component,
            **({"data": {"heldout": dict(self.heldout)}} if self.heldout else {}),
            "candidates": candidates,
            "engine": dict(self.engine),
            "benchmarks": [{**entry, **common} for entry in self.benchmarks],
            "proxies": list(self.proxies),
            **({"primary_proxy": self.primary} if self.primary else {}),
        }

    def _candidate(self, source: Source) -> dict[str, Any]:
        """Return a checkpoint's entry; the base itself is no checkpoint, so that it is not measured twice."""
        if self.base is not None and source.component == self.base.component:
            return {"name": source.name, "sft": None}
        return {"name": source.name, "checkpoint": source.checkpoint}
