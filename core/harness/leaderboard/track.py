"""Tracks: what must be equal for two outcomes to stand on one board, and the key made of it.

Same base, same RL (trainer, its settings and data), same engine, same benchmarks with their problems, same outcome metric,
same versions of what measures. What is not known is never taken to be equal: a result whose recipe is not at hand, or
whose base or data is a path on somebody's machine, shares a track with results of the very same recipe only; and where the
versions of components are not recorded, those of the distributions stand for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.digest import canonical, of_json
from harness.recipe.notes import without_notes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.leaderboard.entry import Entry
    from harness.values import Counts

KEY_LENGTH = 12
"""Hexadecimal digits shown; 48 bits are plenty for a board."""
SECTIONS = ("base", "rl", "engine", "benchmarks")
MEASURING = ("benchmark", "grader", "engine", "model")
"""Kinds of component whose version can move an outcome; a proxy's cannot."""
NOT_OF_OUTCOME = {"rl": ("evaluate_at",), "benchmarks": ("samples",)}
"""Settings that leave the outcome at the end alone: when it is measured on the way, and how often before RL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What the candidates of one board share."""

    key: str
    base: str
    """In words."""
    rl: str
    benchmarks: tuple[str, ...]
    num_problems: int
    outcome: str
    versions: tuple[str, ...]
    alone: str | None
    """Why only results of the very same recipe can join; None where others can."""
    facts: Mapping[str, Any]
    """All that the key is the digest of."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        plain = ("key", "base", "rl", "num_problems", "outcome", "alone")
        return {
            **{name: getattr(self, name) for name in plain},
            "benchmarks": list(self.benchmarks),
            "versions": list(self.versions),
            "facts": dict(self.facts),
        }


def track_of(entry: Entry, family: str, counts: Iterable[Counts]) -> Track:
    """Return the track of an entry's candidates of one family.

    Args:
        entry: with its recipe where that is at hand.
        family: candidates of another family have another base.
        counts: of one candidate after RL: which problems the outcome speaks of.
    """
    problems = {one.benchmark: sorted(one.problem_ids) for one in counts}
    metric = entry.result["outcome_metric"]
    versions = _versions(entry)
    settings, alone = _settings(entry)
    facts = {
        "family": family,
        "settings": settings,
        "problems": {name: of_json(ids) for name, ids in sorted(problems.items())},
        "outcome": dict(metric),
        "versions": list(versions),
    }
    recipe = entry.recipe or {}
    base = _named(recipe.get("base")) or "base not recorded"
    return Track(
        key=of_json(facts)[:KEY_LENGTH],
        base=base if family == "base" else f"{family} ({base})",
        rl=rl_of(entry),
        benchmarks=tuple(problems),
        num_problems=sum(map(len, problems.values())),
        outcome=f"{metric['name']} from {metric['samples']} samples a problem",
        versions=versions,
        alone=alone,
        facts=facts,
    )


def base_of(entry: Entry, family: str) -> str:
    """Name the base model of a family's candidates, for clusters; results of one base hang together."""
    known = _named(entry.recipe.get("base")) if entry.recipe else ""
    return family if family != "base" else known or f"base of {entry.id}"


def rl_of(entry: Entry) -> str:
    """Name the RL of an entry's study."""
    recipe = entry.recipe or {}
    return _named(recipe.get("rl"), leave_out=NOT_OF_OUTCOME["rl"]) or "RL recipe not recorded"


def _settings(entry: Entry) -> tuple[Mapping[str, Any], str | None]:
    """Return what the recipe says of base, RL and measuring, or its digest where that tells too little."""
    digest = entry.result["recipe_digest"]
    if entry.recipe is None:
        return {"recipe_digest": digest}, "its recipe is not beside it"
    raw = without_notes(entry.recipe)
    data = raw.get("data")
    kept = {name: _without(raw.get(name), NOT_OF_OUTCOME.get(name, ())) for name in SECTIONS}
    if isinstance(kept["benchmarks"], list):
        kept["benchmarks"] = sorted(kept["benchmarks"], key=canonical)
    kept["rl data"] = data.get("rl") if isinstance(data, dict) else None
    if not all(kept[name] for name in ("base", "rl", "benchmarks")):
        return {"recipe_digest": digest}, "its recipe does not name base, RL and benchmarks"
    if any(_is_path(part) for part in kept.values()):
        return {"recipe_digest": digest}, "its recipe names files of one machine"
    return kept, None


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_without(one, names) for one in value]
    return {k: v for k, v in value.items() if k not in names} if isinstance(value, dict) else value


def _is_path(value: Any) -> bool:
    """Whether a path stands anywhere below that is not pinned by a revision beside it."""
    if isinstance(value, list):
        return any(_is_path(one) for one in value)
    if not isinstance(value, dict):
        return False
    if any(name in ("path", "paths") or name.endswith("_path") for name in value) and not value.get("revision"):
        return True
    return any(_is_path(one) for one in value.values())


def _versions(entry: Entry) -> tuple[str, ...]:
    """Return the versions of what can move an outcome; the distributions' where components are not recorded."""
    if entry.components is None:
        return tuple(sorted(entry.result["plugins"]))
    raw = entry.recipe or {}
    data = raw.get("data")
    # Of trainers and data sources only those of RL: SFT is what the candidates differ in.
    rl = {"trainer": _use(raw.get("rl")), "data source": _use(data.get("rl") if isinstance(data, dict) else None)}
    own = (one for one in entry.components if one.kind in MEASURING or rl.get(one.kind) == one.name)
    return tuple(sorted(map(str, own)))


def _use(value: object) -> str | None:
    return str(value.get("use")) if isinstance(value, Mapping) else None


def _named(value: Any, leave_out: tuple[str, ...] = ()) -> str:
    """Write a component with its settings in words."""
    if not isinstance(value, dict):
        return ""
    settings = [f"{k} {v}" for k, v in value.items() if k not in ("use", *leave_out) and isinstance(v, str | int | float)]
    return " ".join([str(value.get("use", "")), *([f"({', '.join(settings)})"] if settings else [])]).strip()
