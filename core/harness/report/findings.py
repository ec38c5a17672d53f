"""What a board shows beyond its tables, a sentence each: prediction, other benchmarks, calibration runs, disagreement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.figures import bounds, number, with_interval
from harness.report.plain import plain_table
from harness.report.shape import list_of, mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.table import Table

MOST_PICKS = 4
"""Candidates named where proxies disagree."""


def k_sweep_table(result: Mapping[str, Any]) -> tuple[str, Table] | None:
    """Return pass@k's Spearman with the outcome, one row an amount of RL and one column a k; None without a sweep."""
    sweeps = rows_of(result.get("k_sweep"))
    ks = list(dict.fromkeys(str(point.get("k")) for sweep in sweeps for point in rows_of(sweep.get("points"))))
    if not ks:
        return None
    table = plain_table(["RL step", *(f"k={text_of(k)}" for k in ks)], left=1)
    for sweep in sweeps:
        found = {str(point.get("k")): point.get("spearman") for point in rows_of(sweep.get("points"))}
        table.add_row(text_of(sweep.get("step")), *(number(found.get(k)) for k in ks))
    return "Spearman of pass@k with the outcome by k, the samples a problem it needs at least", table


def front_of(result: Mapping[str, Any]) -> set[str]:
    """Name the proxies on the front of quality against cost."""
    points = rows_of(mapping_of(result.get("pareto")).get("points"))
    return {str(point.get("name")) for point in points if point.get("on_front") is True}


def findings(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences a result has the numbers for."""
    if front_of(result):
        unit = text_of(mapping_of(result.get("pareto")).get("unit"))
        yield f"*       no other proxy has a higher Spearman for as little ({unit})"
    yield from _predicted(result)
    if elsewhere := _elsewhere(result):
        yield f"others  {elsewhere}"
    if calibrated := _calibrated(mapping_of(result.get("calibration"))):
        yield f"runs    {calibrated}"
    if tainted := _tainted(mapping_of(result.get("contamination"))):
        yield f"overlap {tainted}"
    if disagreement := _disagreement(result):
        yield f"picks   {disagreement}"


def _predicted(result: Mapping[str, Any]) -> Iterator[str]:
    """Name the best prediction by one proxy and by two, for each scheme."""
    single, double = (_known_rows(mapping_of(result.get(part))) for part in ("predictors", "combined"))
    for scheme in dict.fromkeys(str(row.get("scheme")) for row in [*single, *double]):
        told = []
        for rows in (single, double):
            tried = [row for row in rows if str(row.get("scheme")) == scheme]
            best = max(tried, key=lambda row: bounds(row["r2"]).value or 0.0, default=None)
            if best is not None:
                by = f"{text_of(best.get('proxy'))} ({text_of(best.get('predictor'))})"
                told.append(f"{by} R2 {number(best.get('r2'))}, off by {number(best.get('mae'))}")
        yield f"predict best of {text_of(scheme)}: {'; '.join(told)}"


def _known_rows(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in rows_of(table.get("rows")) if bounds(row.get("r2")).value is not None]


def _elsewhere(result: Mapping[str, Any]) -> str:
    """Say how pass@k from the other benchmarks does: the smallest and the largest k."""
    means = rows_of(mapping_of(result.get("by_benchmark")).get("left_out_mean"))
    shown = [
        row for row in ([means[0], means[-1]] if len(means) > 1 else means) if bounds(row.get("spearman")).value is not None
    ]
    told = ", ".join(f"{text_of(row.get('name'))} {with_interval(bounds(row.get('spearman')))}" for row in shown)
    return f"measured on all other benchmarks than the outcome's, mean Spearman: {told}" if told else ""


def _calibrated(curve: Mapping[str, Any]) -> str:
    """Say what choosing costs after few, half and most of the runs."""
    points = rows_of(curve.get("points"))
    if not points:
        return ""
    places = sorted({0, len(points) // 2, len(points) - 1})
    chosen = [points[place] for place in places]
    runs, losses, alone = (_slashed(chosen, name) for name in ("calibration_runs", "regret", "regret_known_only"))
    of = f" of {text_of(curve.get('n'))}" if curve.get("n") else ""
    choice = f"choosing with {text_of(curve.get('proxy'))} loses {losses}, by those runs alone {alone}"
    return f"after RL on {runs}{of} candidates at random, {choice}"


def _slashed(points: Sequence[Mapping[str, Any]], name: str) -> str:
    figures = (point.get(name) for point in points)
    return " / ".join(text_of(figure) if isinstance(figure, int) else number(figure) for figure in figures)


def _tainted(found: Mapping[str, Any]) -> str:
    """Say how many benchmark problems stand among the training problems; empty where nobody looked."""
    if not found:
        return ""
    told = []
    for row in rows_of(found.get("overlap")):
        count = len(list_of(row.get("matches")))
        if count:
            where = f"{text_of(row.get('benchmark'))} with {text_of(row.get('source'))}"
            told.append(f"{count} of {text_of(row.get('problems'))} in {where}")
    if not told:
        return "no benchmark problem stands among the training problems"
    return f"problems that stand among the training problems: {', '.join(told)}; scores without them are in result.json"


def _disagreement(result: Mapping[str, Any]) -> str:
    """Name what the proxies pick, where they do not all pick the same; empty where they agree or nothing is known."""
    agreement = mapping_of(result.get("agreement"))
    names = [row.get("name") for row in rows_of(result.get("candidates"))] or list_of(result.get("labels"))
    by_pick: dict[str, list[str]] = {}
    for proxy, picks in zip(list_of(agreement.get("names")), list_of(agreement.get("picks")), strict=False):
        places = [place for place in list_of(picks) if isinstance(place, int) and 0 <= place < len(names)]
        if len(places) == 1:
            by_pick.setdefault(text_of(names[places[0]]), []).append(text_of(proxy))
    if len(by_pick) < 2:
        return ""
    told = sorted(by_pick.items(), key=lambda pair: -len(pair[1]))
    more = f"; {len(told) - MOST_PICKS} more" if len(told) > MOST_PICKS else ""
    return "the proxies disagree: " + "; ".join(f"{pick!r} by {', '.join(by)}" for pick, by in told[:MOST_PICKS]) + more
