"""The ranking, put together from a study's result: order, intervals, probabilities, agreement, the filter, the cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import validity
from harness.estimators import paired_difference
from harness.ranking.workflow import Filter, drop_low_and_high

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.racing import Standing
    from harness.recipe import Recipe
    from harness.values import Counts

SCHEMA_VERSION = 1
ROUNDING = 1e-12
"""Readings closer than this are one: sums in another order differ by rounding."""
ACCURACY = "pass@1"
LOSSES = ("generalization-loss", "fixed-set-loss")
"""Proxies that can be the filter's loss, the paper's first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The checkpoints to rank: readings by candidate and proxy, and the raw counts."""

    readings: Mapping[str, Mapping[str, Any]]
    """By candidate: by proxy, {"value", "low", "high", "reason"}."""
    counts: Mapping[str, Sequence[Counts]]
    scores: Mapping[str, float | None]
    """The primary proxy's readings, as the order goes by them."""
    stopped: frozenset[str]
    """Those that a race stopped: they come after those it did not."""
    primary: str
    higher: Mapping[str, bool]
    """By proxy, whether higher is better."""
    trivial: frozenset[str]

    @property
    def k(self) -> int | None:
        """Of pass@k, where that is the primary proxy."""
        found = re.fullmatch(r"pass@(\d+)", self.primary)
        return int(found[1]) if found else None

    def values(self, proxy: str) -> dict[str, float | None]:
        """Return a proxy's reading of each candidate."""
        return {name: row[proxy]["value"] for name, row in self.readings.items()}


def rank(
    result: Mapping[str, Any],
    counts: Mapping[str, Sequence[Counts]],
    recipe: Recipe,
    *,
    standing: Standing | None = None,
    resamples: int = 10_000,
) -> dict[str, Any]:
    """Rank the candidates of a study without RL.

    Candidates that the filter drops come after all others, those with an undefined primary proxy last; equal readings share
    a rank. After a race those it stopped come after those it did not, and the order goes by the plain estimates, which the
    race compared, while the corrected ones are shown.

    The probability of being best is over resampled problems (see `validity.probability_best`), or after a race over repeated
    sampling on the same problems; both speak of all candidates, dropped ones too.

    Args:
        result: result.json.
        counts: before RL, by candidate.
        recipe: that was run; its primary proxy ranks.
        standing: of the race, if there was one.
        resamples: of problems.

    Returns:
        A JSON-safe mapping: `ranking`, `filter`, `agreement`, `race`, `samples`, `cost`, `notes`.
    """
    offers = {use.label: use.offer for use in recipe.proxies}
    readings = {one["name"]: dict(one["proxies"]) for one in result["candidates"]}
    plain = {name: row[recipe.primary_proxy]["value"] for name, row in readings.items()}
    for racer in standing.racers if standing else ():
        readings[racer.name][recipe.primary_proxy] = {**racer.estimate.to_json(), "reason": racer.estimate.reason}
    field = Field(
        readings=readings,
        counts=counts,
        scores={r.name: r.uncorrected for r in standing.racers} if standing else plain,
        stopped=frozenset(r.name for r in standing.racers if r.stopped_in_round) if standing else frozenset(),
        primary=recipe.primary_proxy,
        higher={name: offer.higher_is_better for name, offer in offers.items()},  # type: ignore[attr-defined]
        trivial=frozenset(name for name, offer in offers.items() if offer.trivial),  # type: ignore[attr-defined]
    )
    screen = _screen(field)
    rows = _rows(field, screen, standing, resamples, recipe.seeds[0])
    return {
        "schema_version": SCHEMA_VERSION,
        "ranked_by": field.primary,
        "higher_is_better": field.higher[field.primary],
        "pick": rows[0]["name"] if rows[0]["rank"] else None,
        "ranking": rows,
        "filter": screen.to_json(),
        "agreement": _agreement(field),
        "race": standing.to_json() if standing else None,
        "samples": _samples(counts, recipe, standing),
        "cost": result["cost"],
        "seed": recipe.seeds[0],
        "notes": [*_notes(field, screen, rows), *(standing.notes if standing else ()), *result["warnings"]],
    }


def _screen(field: Field) -> Filter:
    loss = next((name for name in LOSSES if name in field.higher), None)
    losses = field.values(loss) if loss else None
    return drop_low_and_high(field.values(ACCURACY), losses, accuracy=ACCURACY, loss=loss)


def _rows(field: Field, screen: Filter, standing: Standing | None, resamples: int, seed: int) -> list[dict[str, Any]]:
    """One row a candidate, best first."""
    best = _probabilities(field, standing, resamples, seed)
    order = _ordered(field, screen)
    ranked = [name for name in order if name not in screen.dropped and field.scores[name] is not None]
    ranks = dict(zip(ranked, _ranks([field.scores[name] or 0.0 for name in ranked]), strict=True))
    racers = {racer.name: racer for racer in standing.racers} if standing else {}
    rows = []
    for name in order:
        racer = racers.get(name)
        rows.append(
            {
                "rank": ranks.get(name),
                "name": name,
                **field.readings[name][field.primary],
                "probability_best": best[name] if best else None,
                "behind_first": _behind(field, ranked, name) if standing is None else None,
                "dropped": name in screen.dropped,
                "samples": min(int(entry.num_samples.min()) for entry in field.counts[name]),
                "stopped_in_round": racer.stopped_in_round if racer else None,
                "proxies": dict(field.readings[name]),
            }
        )
    return rows


def _ordered(field: Field, screen: Filter) -> list[str]:
    sign = -1.0 if field.higher[field.primary] else 1.0

    def key(name: str) -> tuple[bool, bool, bool, float]:
        score = field.scores[name]
        return score is None, name in screen.dropped, name in field.stopped, sign * (score or 0.0)

    return sorted(field.scores, key=key)


def _ranks(values: Sequence[float]) -> Iterator[int]:
    """Yield competition ranks (1, 1, 3) of values in order."""
    rank = 1
    for place, value in enumerate(values, start=1):
        if place > 1 and abs(value - values[place - 2]) > ROUNDING:
            rank = place
        yield rank


def _probabilities(field: Field, standing: Standing | None, resamples: int, seed: int) -> Mapping[str, float | None] | None:
    if len(field.readings) < 2:
        return None
    if standing is not None:
        return {racer.name: racer.probability_best for racer in standing.racers}
    if field.k is None:
        return None
    return validity.probability_best(field.counts, field.k, resamples=resamples, seed=seed)


def _behind(field: Field, ranked: Sequence[str], name: str) -> dict[str, Any] | None:
    """Return how far the first is above a candidate, paired by problem; None for the first and where there is no pass@k."""
    if field.k is None or not ranked or name == ranked[0]:
        return None
    return paired_difference(field.counts[ranked[0]], field.counts[name], field.k).to_json()


def _agreement(field: Field) -> dict[str, Any] | None:
    """Compare the proxies' orders; None with one candidate or one proxy."""
    names = [name for name in field.higher if name not in field.trivial]
    if len(field.readings) < 2 or len(names) < 2:
        return None
    columns = [
        validity.ProxyColumn(
            name=name,
            higher_is_better=field.higher[name],
            values=np.array([np.nan if v is None else v for v in field.values(name).values()]),
        )
        for name in names
    ]
    found = validity.agreement(columns).to_json()
    return {**found, "candidates": list(field.readings)}


def _samples(counts: Mapping[str, Sequence[Counts]], recipe: Recipe, standing: Standing | None) -> dict[str, Any]:
    spent = sum(int(entry.num_samples.sum()) for entries in counts.values() for entry in entries)
    full = standing.full_budget if standing else spent
    return {
        "a_problem": recipe.benchmarks[0].samples,
        "problems": {entry.benchmark: len(entry.problem_ids) for entry in next(iter(counts.values()))},
        "spent": spent,
        "full_budget": full,
        "share": spent / full,
    }


def _notes(field: Field, screen: Filter, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say what a reader might otherwise take for granted."""
    if len(rows) == 1:
        yield "one checkpoint: there is nothing to compare, so no probability, no agreement and no filter"
    elif field.k is None:
        yield f"no probability of being best: it is known for pass@k only, not for {field.primary}"
    shared = [row["name"] for row in rows if row["rank"] and sum(o["rank"] == row["rank"] for o in rows) > 1]
    if shared:
        yield f"equal {field.primary}, so they share a rank: {', '.join(shared)}"
    for name in field.higher:
        unread = {row["name"]: row["proxies"][name]["reason"] for row in rows if row["proxies"][name]["value"] is None}
        if unread and name == field.primary:
            yield f"not ranked, {name} is undefined: {'; '.join(f'{who}: {why}' for who, why in unread.items())}"
    if screen.at_median:
        yield f"kept by the filter, since one of the two figures is just the median: {', '.join(screen.at_median)}"
    if screen.unread and screen.reason is None:
        yield f"kept by the filter, since a figure is undefined: {', '.join(screen.unread)}"
