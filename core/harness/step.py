"""A step: one node of the plan, and the key that names its artifact."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.digest import of_json
from harness.events import StepInfo
from harness.store import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

# Rises when the host's own part of a step changes what it writes.
STEP_VERSIONS = {
    "model": "1",
    "data": "1",
    "curate": "1",
    "train": "1",
    "sample": "1",
    "grade": "1",
    "score": "1",
    "drift": "1",
    "overlap": "1",
    "proxy": "1",
    "analyze": "2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A component of a step, as plain JSON, so that it can travel to another process."""

    kind: str
    """Offer kind: "curation"."""
    name: str
    version: str
    settings: Mapping[str, Any]
    digests: Mapping[str, str] = field(default_factory=dict)
    """Content digests of the settings that are local paths; they stand for the paths in the key."""
    nested: tuple[Part, ...] = ()
    """Components of nested chains; in the key for their versions."""
    not_in_key: tuple[str, ...] = ()
    """Settings that say on what it runs (see harness.contract.NOT_IN_KEY)."""

    def identity(self) -> dict[str, Any]:
        """Return what of it enters the key."""
        settings = {**self.settings, **{name: {"sha256": digest} for name, digest in self.digests.items()}}
        settings = {name: value for name, value in settings.items() if name not in self.not_in_key}
        identity: dict[str, Any] = {"kind": self.kind, "name": self.name, "version": self.version, "settings": settings}
        if self.nested:
            identity["nested"] = [part.identity() for part in self.nested]
        return identity


@dataclass(frozen=True, kw_only=True)
class Step:
    """One unit of work: pure in what it reads, so that its key names its result."""

    kind: str
    parts: tuple[Part, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The host's own settings, part of the key."""
    seed: int = 0
    inputs: Mapping[str, Ref] = field(default_factory=dict)
    """Artifacts it reads, by role."""
    hints: Mapping[str, Any] = field(default_factory=dict)
    """What may be known of the work and the key must not hold: the name of a data source in the recipe."""
    title: str = ""
    candidate: str | None = None

    @cached_property
    def key(self) -> str:
        """SHA-256 of all that can change the result."""
        return of_json(
            {
                "kind": self.kind,
                "step_version": STEP_VERSIONS[self.kind],
                "parts": [part.identity() for part in self.parts],
                "settings": self.settings,
                "seed": self.seed,
                "inputs": {role: str(ref) for role, ref in self.inputs.items()},
            }
        )

    @cached_property
    def ref(self) -> Ref:
        """Its place in the store."""
        return Ref(self.kind, self.key)

    @property
    def info(self) -> StepInfo:
        """The step as events and people see it."""
        return StepInfo(key=self.key, kind=self.kind, title=self.title, candidate=self.candidate, seed=self.seed)
