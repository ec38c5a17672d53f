"""Benchmark by benchmark: the candidates' scores, the proxies' validity, and what overlaps with training data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document.blocks import Cell, Row, Section, Table
from harness.report.document.cells import columns, figure, plain, word
from harness.report.document.selection import candidates_of
from harness.report.figures import bounds, number
from harness.report.shape import mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def benchmarks_section(result: Mapping[str, Any]) -> Section | None:
    """Return a table of candidates and one of proxies, a column a benchmark."""
    names = [text_of(row.get("name")) for row in rows_of(result.get("benchmarks"))]
    candidates = candidates_of(result)
    if not names or not any(mapping_of(one.get("per_benchmark")) for one in candidates):
        return None
    tables = [_candidates(candidates, names, result), _proxies(result, names), _left_out(result)]
    return Section(
        id="benchmarks", label="Benchmarks", title="Benchmark by benchmark", blocks=tuple(t for t in tables if t is not None)
    )


def _candidates(candidates: Sequence[Mapping[str, Any]], names: Sequence[str], result: Mapping[str, Any]) -> Table:
    metric = text_of(mapping_of(result.get("outcome_metric")).get("name"))
    rows = []
    for one in candidates:
        found = mapping_of(one.get("per_benchmark"))
        cells = [_before_after(mapping_of(found.get(name))) for name in names]
        rows.append(Row(cells=(word(one.get("name")), *cells)))
    return Table(
        name="candidates-by-benchmark",
        caption=f"{metric} of each candidate: before RL, after RL",
        columns=columns("candidate", *names),
        rows=tuple(rows),
    )


def _before_after(found: Mapping[str, Any]) -> Cell:
    before, after = (bounds(found.get(phase)) for phase in ("pre", "post"))
    if after.value is None:
        return figure(found.get("pre"))
    return Cell(text=f"{number(before)}, {number(after)}", value=after.value, low=after.low, high=after.high)


def _proxies(result: Mapping[str, Any], names: Sequence[str]) -> Table | None:
    by_benchmark = rows_of(mapping_of(result.get("by_benchmark")).get("benchmarks"))
    found = {text_of(row.get("benchmark")): rows_of(row.get("proxies")) for row in by_benchmark}
    proxies = list(dict.fromkeys(str(p.get("name")) for rows in found.values() for p in rows))
    if not proxies:
        return None
    rows = []
    for proxy in proxies:
        here = [next((p for p in found.get(name, ()) if p.get("name") == proxy), {}) for name in names]
        rows.append(Row(cells=(word(proxy), *(plain(p.get("spearman")) for p in here))))
    return Table(
        name="proxies-by-benchmark",
        caption="Spearman of each proxy, over all benchmarks, with the outcome on one",
        columns=columns("proxy", *names),
        rows=tuple(rows),
        folded=True,
    )


def _left_out(result: Mapping[str, Any]) -> Table | None:
    rows = rows_of(mapping_of(result.get("by_benchmark")).get("left_out_mean"))
    cells = [Row(cells=(word(row.get("name")), figure(row.get("spearman")))) for row in rows]
    if not cells:
        return None
    return Table(
        name="left-out-benchmarks",
        caption="pass@k measured on all other benchmarks than the outcome's: mean Spearman",
        columns=columns("proxy", "Spearman"),
        rows=tuple(cells),
        folded=True,
    )
