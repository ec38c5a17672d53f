"""What a study cost, and what each proxy alone would have: read from the manifests, attempts added up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.store import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.store import Store

MEASURING = frozenset({"sample", "grade", "score", "drift", "proxy"})
"""Kinds of step whose cost is a proxy's own; SFT is needed whichever proxy is used."""


@dataclass(frozen=True)
class Cost:
    """Seconds and tokens of a set of steps."""

    manifests: tuple[Mapping[str, Any], ...]

    @cached_property
    def by_kind(self) -> dict[str, dict[str, float]]:
        """Seconds, tokens and steps by kind of step."""
        found: dict[str, dict[str, float]] = {}
        for manifest in self.manifests:
            row = found.setdefault(_kind(manifest), {"seconds": 0.0, "tokens": 0, "steps": 0})
            row["seconds"] += manifest["seconds"]
            row["tokens"] += manifest["tokens"]
            row["steps"] += 1
        return {kind: {**row, "seconds": round(row["seconds"], 3)} for kind, row in sorted(found.items())}

    def to_json(self) -> dict[str, Any]:
        """Return totals and the split by kind. GPU hours are those a trainer or engine noted; on a CPU there are none."""
        return {
            "seconds": round(sum(m["seconds"] for m in self.manifests), 3),
            "tokens": sum(m["tokens"] for m in self.manifests),
            "gpu_hours": round(sum(m["facts"].get("gpu_hours", 0.0) for m in self.manifests), 4),
            "by_kind": self.by_kind,
        }


class Ledger:
    """Manifests of a store, each read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[Ref, dict[str, Any]] = {}

    def all_under(self, refs: Iterable[Ref]) -> dict[Ref, dict[str, Any]]:
        """Return the manifests of these steps and of all they were made from."""
        found: dict[Ref, dict[str, Any]] = {}
        pending = list(refs)
        while pending:
            ref = pending.pop()
            if ref in found:
                continue
            if ref not in self._read:
                self._read[ref] = self._store.manifest(ref)
            found[ref] = self._read[ref]
            pending.extend(Ref.parse(text) for text in found[ref]["inputs"].values())
        return found

    def study(self, refs: Iterable[Ref]) -> Cost:
        """Return what everything under these steps cost."""
        return Cost(tuple(self.all_under(refs).values()))

    def proxy(self, ref: Ref) -> dict[str, Any]:
        """Return what measuring one proxy on all candidates cost; training is left out.

        Of RL that it reads, the share of the steps it reads counts (all of them where it does not say how many).
        """
        under = self.all_under([ref])
        direct = {Ref.parse(text) for text in under[ref]["inputs"].values()}
        kept = [m for m in under.values() if m["kind"] in MEASURING]
        samples = sum(m["facts"].get("samples", 0) for m in kept if m["kind"] == "sample")
        seconds, tokens = sum(m["seconds"] for m in kept), sum(m["tokens"] for m in kept)
        for manifest in (m for r, m in under.items() if r in direct and _kind(m) == "train rl"):
            share = _share_read(manifest, under[ref]["settings"].get("rl_steps"))
            seconds, tokens = seconds + share * manifest["seconds"], tokens + round(share * manifest["tokens"])
        return {"seconds": round(seconds, 3), "tokens": tokens, "samples": samples}


def _share_read(manifest: Mapping[str, Any], wanted: int | None) -> float:
    """Return the share of an RL run's steps that a proxy reads."""
    steps = manifest["facts"].get("train_steps")
    return min(1.0, wanted / steps) if wanted and steps else 1.0


def _kind(manifest: Mapping[str, Any]) -> str:
    return f"train {manifest['settings']['method']}" if manifest["kind"] == "train" else str(manifest["kind"])
