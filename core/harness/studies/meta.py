"""The meta-analysis: each proxy over all studies, study by study, and over pairs of starts of one family.

Rows of different studies are never put into one regression: scores, benchmarks and RL recipes differ, and a line through
them would measure those. What can be added up is decisions: of two starts of one family in one study, did the proxy name the
one that ended higher?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.estimators import Estimate
from harness.studies.pairs import Pairs
from harness.studies.reading import Reading, readings, tally
from harness.validity.resamples import FEWEST_FAMILIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.studies.records import Reported, Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Same-family pairs over several studies, each start counted once."""

    pairs: Pairs
    bases: Mapping[str, Pairs]
    """By base model: pairs of one base are not independent."""
    accuracy: Estimate
    """Over all pairs, with an interval over bases; without one where they are fewer than 10."""

    @property
    def shares(self) -> list[float]:
        """Accuracy of each base, in ascending order."""
        return sorted(pairs.accuracy for pairs in self.bases.values() if pairs.accuracy is not None)

    @property
    def mean_over_bases(self) -> float | None:
        """Mean accuracy with every base counted alike."""
        return sum(self.shares) / len(self.shares) if self.shares else None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            **self.pairs.to_json(),
            "accuracy": self.accuracy.to_json(),
            "mean_over_bases": self.mean_over_bases,
            "range_over_bases": [self.shares[0], self.shares[-1]] if self.shares else None,
            "bases": {base: pairs.to_json() for base, pairs in self.bases.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyEvidence:
    """All that the studies say of one proxy."""

    proxy: str
    readings: tuple[Reading, ...]
    decisions: Mapping[str, Decisions]
    """By what varied between the starts."""
    tally: Pairs
    """Pairs of the columns that the studies' `tally` names; see registry/studies/README.md."""
    reported: tuple[tuple[str, Reported], ...]
    """Correlations that sources print themselves, with the study's name."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            "proxy": self.proxy,
            "readings": [reading.to_json() for reading in self.readings],
            "decisions": {varied: decisions.to_json() for varied, decisions in self.decisions.items()},
            "tally": self.tally.to_json(),
            "reported": [_reported_json(study, one) for study, one in self.reported],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaAnalysis:
    """The studies and what they say, the proxy with most readings first."""

    studies: tuple[Study, ...]
    proxies: tuple[ProxyEvidence, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        named = [
            {"name": s.name, "title": s.title, "source": s.source.id, "confidence": s.source.confidence, "varied": s.varied}
            for s in self.studies
        ]
        return {"schema_version": 1, "studies": named, "proxies": [proxy.to_json() for proxy in self.proxies]}


def meta_analysis(studies: Sequence[Study], *, resamples: int = 10_000, seed: int = 0) -> MetaAnalysis:
    """Read every proxy in every study and add up the decisions.

    Args:
        studies: the registry's, or some of them.
        resamples: of base models, for the intervals.
        seed: of the resamples.
    """
    found = [reading for study in studies for reading in readings(study)]
    told = [(study.name, one) for study in studies for one in study.reported]
    counted = [tally(study) for study in studies]
    names = sorted({r.proxy for r in found} | {one.proxy for _, one in told})
    evidence = []
    for name in names:
        own = tuple(_counting([reading for reading in found if reading.proxy == name]))
        varied = dict.fromkeys(reading.varied for reading in sorted(own, key=lambda r: r.varied, reverse=True))
        evidence.append(
            ProxyEvidence(
                proxy=name,
                readings=own,
                decisions={v: _decisions([r for r in own if r.varied == v], resamples, seed) for v in varied},
                tally=sum((one[name] for one in counted if name in one), Pairs()),
                reported=tuple((study, one) for study, one in told if one.proxy == name),
            )
        )
    evidence.sort(key=lambda proxy: (-len(proxy.readings), proxy.proxy))
    return MetaAnalysis(studies=tuple(studies), proxies=tuple(evidence))


def _counting(own: Sequence[Reading]) -> list[Reading]:
    """Let a reading count where the study that stands for its starts says nothing of this proxy."""
    known = {reading.study for reading in own}
    return [reading if reading.same_models_as in known else replace(reading, same_models_as=None) for reading in own]


def _decisions(own: Sequence[Reading], resamples: int, seed: int) -> Decisions:
    bases: dict[str, Pairs] = {}
    for reading in own:
        if reading.same_models_as is None:
            for base, pairs in reading.pairs.items():
                bases[base] = bases.get(base, Pairs()) + pairs
    total = sum(bases.values(), Pairs())
    return Decisions(pairs=total, bases=bases, accuracy=_clustered(total, list(bases.values()), resamples, seed))


def _clustered(total: Pairs, clusters: Sequence[Pairs], resamples: int, seed: int) -> Estimate:
    """Resample base models whole; the ratio of sums keeps each pair's weight."""
    if total.accuracy is None:
        return Estimate(value=None, reason="no same-family pair")
    if len(clusters) < FEWEST_FAMILIES:
        return Estimate(
            value=total.accuracy, reason=f"{len(clusters)} base models, too few to resample (< {FEWEST_FAMILIES})"
        )
    import numpy as np

    drawn = np.random.default_rng(seed).integers(0, len(clusters), (resamples, len(clusters)))
    right = np.array([pairs.right + pairs.tied / 2 for pairs in clusters])[drawn].sum(axis=1)
    low, high = np.quantile(right / np.array([pairs.total for pairs in clusters])[drawn].sum(axis=1), (0.025, 0.975))
    method = f"percentile bootstrap over {len(clusters)} base models, {resamples} resamples"
    return Estimate(value=total.accuracy, low=float(low), high=float(high), method=method)


def _reported_json(study: str, one: Reported) -> dict[str, Any]:
    names = ("statistic", "k", "outcome", "group", "value", "sd", "n", "note")
    return {"study": study, **{name: getattr(one, name) for name in names}}
