"""A result of ours in the form of a published study, so that both are read by the same rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.leaderboard.track import base_of, rl_of
from harness.studies import Column, Row, Source, Study

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from harness.leaderboard.entry import Entry

OUTCOME = "outcome after RL"
UNRECORDED = "not recorded"
AT_K = re.compile(r"(.+)@([1-9]\d*)")


def across(label: str) -> tuple[str, int | None]:
    """Return a proxy's name across studies and its k: `pass@64` is (`pass@k`, 64), and `pass@1` stays what it is."""
    found = AT_K.fullmatch(label)
    if found is None or label == "pass@1":
        return label, None
    return f"{found[1]}@k", int(found[2])


def own_studies(entries: Sequence[Entry]) -> list[Study]:
    """Turn results with RL into studies; two results of one recipe are the same starts, and count once.

    A proxy whose component has several versions among them gets a name of its own for each: numbers of two versions
    are numbers of two metrics.
    """
    measured = [entry for entry in entries if entry.result["proxies"] and entry.has_outcomes]
    several = {name for name, versions in versions_of(measured).items() if len(versions) > 1}
    recipes: dict[str, str] = {}
    found = []
    for entry in measured:
        first = recipes.setdefault(entry.result["recipe_digest"], entry.id)
        found.append(_study(entry, several, None if first == entry.id else first))
    return found


def versions_of(entries: Sequence[Entry]) -> dict[str, list[str]]:
    """Return the versions of each proxy's component, by its name across studies, in order of first appearance."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        for row in entry.result["proxies"]:
            versions, version = found.setdefault(across(row["name"])[0], []), version_of(entry, row["name"])
            if version not in versions:
                versions.append(version)
    return found


def board_name(entry: Entry, label: str, several: Collection[str]) -> str:
    """Return a proxy's name on the board: across studies, with its version where there are several."""
    name = across(label)[0]
    return f"{name} ({version_of(entry, label)})" if name in several else name


def version_of(entry: Entry, label: str) -> str:
    """Return the version of a proxy's component; the distribution's where components are not recorded."""
    if entry.components is None:
        return ", ".join(sorted(entry.result["plugins"])) or UNRECORDED
    versions = {one.name: one.version for one in entry.components if one.kind == "proxy"}
    # A label is the component's name, with its k or without: `pass@64` is by `pass@k`, `headroom@64` by `headroom`.
    bare = AT_K.fullmatch(label)
    tried = (label, across(label)[0], *((f"{bare[1]}@k", bare[1]) if bare else ()))
    return next((versions[name] for name in tried if name in versions), UNRECORDED)


def _study(entry: Entry, several: Collection[str], same_models_as: str | None) -> Study:
    result = entry.result
    return Study(
        name=entry.id,
        title=result["study"],
        source=Source(
            id=entry.id,
            where="registry/results",
            how_read="measured with this harness",
            confidence="A",
            licence="Apache-2.0",
        ),
        varied="sft within a base",
        rl=rl_of(entry),
        seeds=len(result["seeds"]),
        caveats=tuple(result["warnings"]),
        same_models_as=same_models_as,
        family_is="base model",
        columns={column.name: column for column in _columns(entry, several)},
        outcome=OUTCOME,
        baseline=result["baseline_proxy"],
        rows=tuple(
            Row(
                label=one["name"],
                family=one["family"],
                base=base_of(entry, one["family"]),
                start=one["kind"],
                values=_values(one),
            )
            for one in result["candidates"]
        ),
    )


def _columns(entry: Entry, several: Collection[str]) -> Iterator[Column]:
    yield Column(name=OUTCOME, role="outcome", what=f"{entry.result['outcome_metric']['name']} after RL")
    for row in entry.result["proxies"]:
        label = row["name"]
        yield Column(
            name=label,
            role="proxy",
            what="measured before RL",
            proxy=board_name(entry, label, several),
            k=across(label)[1],
            higher_is_better=row["direction"] == "higher",
        )


def _values(one: Mapping[str, object]) -> dict[str, float]:
    readings: Mapping[str, Mapping[str, float | None]] = one["proxies"]  # type: ignore[assignment]
    outcome: Mapping[str, float | None] = one["outcome"] or {}  # type: ignore[assignment]
    values = {OUTCOME: outcome.get("value"), **{label: reading.get("value") for label, reading in readings.items()}}
    return {name: value for name, value in values.items() if value is not None}
