"""The board of proxies: over studies and families, ours beside published ones, and never pooled into one regression."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean, median
from typing import TYPE_CHECKING, Any

from harness.leaderboard.along import Along, along_of
from harness.leaderboard.contest import proxy_ranks
from harness.leaderboard.own import board_name, own_studies, version_of, versions_of
from harness.leaderboard.regret import Regret, regrets
from harness.studies import meta_analysis
from harness.validity.resamples import FEWEST_FAMILIES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from harness.leaderboard.entry import Entry
    from harness.leaderboard.ranks import RankInterval
    from harness.studies import ProxyEvidence, Reading, Study
    from harness.studies.meta import Decisions

MEANS = {
    "sft within a base": "starts that differ in their SFT, on one base model: the choice this tool is about",
    "bases or pre-training": "starts from unlike bases: easier, as a better base is better before and after",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCost:
    """What a proxy cost in one of our results, a candidate."""

    result: str
    label: str
    seconds: float | None
    tokens: float | None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRow:
    """One proxy over the studies in which the same thing varied."""

    name: str
    versions: tuple[str, ...]
    """Of its component in our results; empty where only published studies read it."""
    trivial: bool
    reads_rl: int
    """RL steps it looks at in our results: above 0 it is not measured before RL."""
    readings: tuple[Reading, ...]
    """One a study, ours and published ones."""
    decisions: Decisions
    ranks: RankInterval | None
    regrets: tuple[Regret, ...]
    costs: tuple[ProxyCost, ...]
    along: tuple[Along, ...]
    """Its validity at several amounts of RL compute, in our results that have it."""

    @property
    def spearmans(self) -> list[float]:
        """One a study that counts, where it can be had, in ascending order."""
        return sorted(r.test.rho for r in self.readings if r.same_models_as is None and r.test.rho is not None)

    @property
    def insufficient(self) -> str | None:
        """Why there is no rank."""
        if self.ranks is not None:
            return None
        bases = len(self.decisions.bases)
        if bases < FEWEST_FAMILIES:
            return f"insufficient ({bases} base{'s' * (bases != 1)} < {FEWEST_FAMILIES})"
        return f"insufficient (shares {FEWEST_FAMILIES} bases with no other proxy)"

    @property
    def regret(self) -> tuple[float, float] | None:
        """Mean regret over families, and the same for picks at random."""
        counted = [one for one in self.regrets if one.study in self._counted]
        return (mean(r.value for r in counted), mean(r.by_chance for r in counted)) if counted else None

    @property
    def _counted(self) -> set[str]:
        return {reading.study for reading in self.readings if reading.same_models_as is None}

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        rhos, regret = self.spearmans, self.regret
        return {
            "name": self.name,
            "versions": list(self.versions),
            "trivial": self.trivial,
            "reads_rl": self.reads_rl,
            "ranks": self.ranks.to_json() if self.ranks else None,
            "insufficient": self.insufficient,
            "decisions": self.decisions.to_json(),
            "spearman": {
                "studies": len(rhos),
                "median": median(rhos) if rhos else None,
                "range": [rhos[0], rhos[-1]] if rhos else None,
            },
            "regret": None if regret is None else {"value": regret[0], "by_chance": regret[1]},
            "regrets": [one.to_json() for one in self.regrets],
            "costs": [cost.to_json() for cost in self.costs],
            "along": [one.to_json() for one in self.along],
            "readings": [reading.to_json() for reading in self.readings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyBoard:
    """All proxies over the studies in which the same thing varied."""

    varied: str
    meaning: str
    rows: tuple[ProxyRow, ...]
    """Those with a rank first, then by base models, then by decision accuracy; trivial ones last."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {"varied": self.varied, "meaning": self.meaning, "proxies": [row.to_json() for row in self.rows]}


def proxy_boards(
    entries: Sequence[Entry], studies: Sequence[Study], *, resamples: int = 10_000, seed: int = 0
) -> tuple[list[ProxyBoard], list[str]]:
    """Return one board for each thing that varied, and warnings.

    Args:
        entries: our results; those without RL say nothing here.
        studies: published ones.
        resamples: of base models.
        seed: of the resamples and sign patterns.
    """
    everything = [*own_studies(entries), *studies]
    by_name = {study.name: study for study in everything}
    evidence = meta_analysis(everything, resamples=resamples, seed=seed).proxies
    about = _about(entries)
    boards = []
    for varied, meaning in MEANS.items():
        own = [one for one in evidence if varied in one.decisions]
        readings = {one.proxy: [r for r in one.readings if r.varied == varied] for one in own}
        ranks = proxy_ranks(readings, by_name, seed)
        rows = [_row(one, varied, readings[one.proxy], ranks[one.proxy], about, by_name) for one in own]
        if rows:
            boards.append(ProxyBoard(varied=varied, meaning=meaning, rows=tuple(sorted(rows, key=_place))))
    return boards, _warnings(entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """What our results say of one proxy besides its readings."""

    versions: list[str]
    costs: list[ProxyCost]
    along: list[Along]
    trivial: list[bool]
    reads_rl: list[int]

    @classmethod
    def empty(cls) -> _Own:
        """Start without anything."""
        return cls(versions=[], costs=[], along=[], trivial=[], reads_rl=[])


def _about(entries: Sequence[Entry]) -> dict[str, _Own]:
    found: dict[str, _Own] = {}
    several = _several(entries)
    for entry in entries:
        curves = along_of(entry)
        for row in entry.result["proxies"]:
            label = row["name"]
            own = found.setdefault(board_name(entry, label, several), _Own.empty())
            own.trivial.append(bool(row["trivial"]))
            own.reads_rl.append(int(row.get("reads_rl") or 0))
            own.costs.append(_cost(entry, row))
            own.along.extend(one for one in curves if one.label == label)
            if (version := version_of(entry, label)) not in own.versions:
                own.versions.append(version)
    return found


def _cost(entry: Entry, row: Mapping[str, Any]) -> ProxyCost:
    size, cost = len(entry.result["candidates"]), row.get("cost") or {}
    seconds, tokens = cost.get("seconds"), cost.get("tokens")
    return ProxyCost(
        result=entry.id,
        label=row["name"],
        seconds=None if seconds is None else seconds / size,
        tokens=None if tokens is None else tokens / size,
    )


def _several(entries: Sequence[Entry]) -> Collection[str]:
    measured = [entry for entry in entries if entry.has_outcomes]
    return {name for name, versions in versions_of(measured).items() if len(versions) > 1}


def _row(
    evidence: ProxyEvidence,
    varied: str,
    readings: Sequence[Reading],
    ranks: RankInterval | None,
    about: Mapping[str, _Own],
    studies: Mapping[str, Study],
) -> ProxyRow:
    own = about.get(evidence.proxy, _Own.empty())
    chosen = {(reading.study, reading.column) for reading in readings}
    lost = [one for r in readings for one in regrets(studies[r.study], studies[r.study].columns[r.column])]
    is_here = {study for study, _ in chosen}
    return ProxyRow(
        name=evidence.proxy,
        versions=tuple(own.versions),
        trivial=bool(own.trivial) and all(own.trivial),
        reads_rl=max(own.reads_rl, default=0),
        readings=tuple(readings),
        decisions=evidence.decisions[varied],
        ranks=ranks,
        regrets=tuple(lost),
        costs=tuple(cost for cost in own.costs if (cost.result, cost.label) in chosen),
        along=tuple(one for one in own.along if one.result in is_here),
    )


def _place(row: ProxyRow) -> tuple[bool, bool, int, float, str]:
    accuracy = row.decisions.accuracy.value
    return (
        row.trivial,
        row.ranks is None,
        -len(row.decisions.bases),
        -(accuracy if accuracy is not None else -1.0),
        row.name,
    )


def _warnings(entries: Sequence[Entry]) -> list[str]:
    several = _several(entries)
    found = [
        f"{name}: several versions of this proxy are in the registry; each has a row of its own" for name in sorted(several)
    ]
    if any(entry.components is None for entry in entries):
        found.append("versions of proxies are not recorded in some results; the distribution's version stands for them")
    return found
