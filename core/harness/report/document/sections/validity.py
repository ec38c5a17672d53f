"""Validity: how well each proxy foretold the outcome at the end of RL, beside the baseline and the trivial ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import marks
from harness.report.document.blocks import Block, Cell, Chart, Emphasis, Row, Section, Table, Text
from harness.report.document.cells import columns, figure, plain, span, word
from harness.report.document.selection import strongest_first
from harness.report.figures import bounds, signed, with_interval
from harness.report.shape import mapping_of, rows_of, text_of
from harness.report.terminal import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def validity_section(result: Mapping[str, Any]) -> Section | None:
    """Return the table of proxies and their rank correlations as a chart."""
    proxies = strongest_first(rows_of(result.get("proxies")))
    if not proxies:
        return None
    baseline = text_of(result.get("baseline_proxy"))
    intro = Text(
        text="Spearman: rank correlation with the outcome, positive where the proxy points as claimed. Decisions: of two "
        "candidates, how often it named the better one. Regret: what is lost by taking its first choice to RL. Trivial "
        f"proxies look at nothing that matters; the baseline is {baseline}."
    )
    blocks: list[Block] = [
        intro,
        _chart(proxies, baseline),
        _table(proxies, baseline),
        *_ceiling(result),
        *_notes(proxies),
    ]
    return Section(id="validity", label="Validity", title="Which proxy foretold the outcome?", blocks=tuple(blocks))


def _table(proxies: Sequence[Mapping[str, Any]], baseline: str) -> Table:
    heads = [
        "proxy",
        "verdict",
        "Spearman",
        "R2",
        "R2 held out",
        "Kendall",
        "decisions",
        "regret",
        "against baseline",
        "p",
        "cost",
    ]
    rows = [Row(cells=tuple(_cells(row)), emphasis=_emphasis(row, baseline)) for row in proxies]
    n = max((round(bounds(row.get("n")).value or 0) for row in proxies), default=0)
    return Table(
        name="proxies",
        caption=f"Validity over {n} candidates (95 % intervals over candidates; p after Holm's adjustment)",
        columns=columns(*heads, left=2),
        rows=tuple(rows),
    )


def _cells(row: Mapping[str, Any]) -> Iterator[Cell]:
    yield word(row.get("name"))
    verdict = SHORT.get(str(row.get("verdict")), text_of(row.get("verdict")))
    yield word(f"{verdict} (trivial)" if row.get("trivial") and "trivial" not in verdict else verdict)
    yield figure(row.get("spearman"))
    for measure in ("r2", "predictive_r2", "kendall", "decision_accuracy", "top1_regret"):
        yield plain(row.get(measure))
    gap = mapping_of(row.get("vs_baseline"))
    yield _against(gap)
    yield plain(gap.get("p_holm"))
    yield span(mapping_of(row.get("cost")).get("seconds"))


def _against(gap: Mapping[str, Any]) -> Cell:
    found = bounds({**gap, "value": gap.get("difference")})
    text = signed(found.value)
    if found.low is not None and found.high is not None:
        text += f" [{signed(found.low)}, {signed(found.high)}]"
    return Cell(text=text, value=found.value, low=found.low, high=found.high)


def _emphasis(row: Mapping[str, Any], baseline: str) -> Emphasis:
    return "faint" if row.get("trivial") else "strong" if row.get("name") == baseline else "plain"


def _chart(proxies: Sequence[Mapping[str, Any]], baseline: str) -> Chart:
    rows = list(_points(proxies, baseline))
    order = [str(row.get("name")) for row in proxies]
    y = marks.name("proxy", sort=order, labelLimit=210)
    x = marks.number("rho", "Spearman with the outcome", format=".1f", domain=[-1, 1])
    shade = marks.colour("group", ["proxy", "baseline", "trivial"], [marks.SERIES[0], marks.SERIES[1], marks.GREY])
    tips = [marks.tip("proxy", "proxy", digits=None), marks.tip("rho", "Spearman"), marks.tip("low", "from")]
    tips += [marks.tip("high", "to"), marks.tip("verdict", "verdict", digits=None)]
    rule = {"transform": [{"filter": "datum.group == 'baseline'"}], "mark": {"type": "rule", "strokeDash": [4, 4]}}
    spec = {
        "data": marks.data(rows),
        "width": marks.WIDE - 200,
        "height": 18 * len(rows),
        "layer": [
            {"mark": {"type": "rule"}, "encoding": {"x": {"datum": 0}}},
            {**rule, "encoding": {"x": x, "color": {**shade, "legend": None}}},
            {
                "mark": {"type": "rule", "strokeWidth": 1.6, "opacity": 0.7},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y, "color": shade},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 65, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": shade, "tooltip": tips},
            },
        ],
    }
    best = next((row for row in proxies if bounds(row.get("spearman")).value is not None), {})
    rho = bounds(best.get("spearman")).value
    said = f" The highest is {text_of(best.get('name'))} with {rho:.2f}." if rho is not None else ""
    sorting = "strongest first, trivial ones last, with 95 % intervals"
    return Chart(
        name="validity",
        title="Rank correlation of each proxy with the outcome",
        description=f"One row a proxy, {sorting}; a dashed line at the baseline.{said}",
        spec=spec,
    )


def _points(proxies: Sequence[Mapping[str, Any]], baseline: str) -> Iterator[dict[str, Any]]:
    for row in proxies:
        rho = bounds(row.get("spearman"))
        if rho.value is not None:
            yield {
                "proxy": row.get("name"),
                "group": "trivial" if row.get("trivial") else "baseline" if row.get("name") == baseline else "proxy",
                "rho": rho.value,
                "low": rho.low if rho.low is not None else rho.value,
                "high": rho.high if rho.high is not None else rho.value,
                "verdict": text_of(row.get("verdict")),
            }


def _ceiling(result: Mapping[str, Any]) -> Iterator[Text]:
    """Say what correlation the noise of the outcome itself allows."""
    ceiling = bounds(result.get("noise_ceiling"))
    if ceiling.value is not None:
        yield Text(text=f"Noise ceiling, from the spread over seeds: no proxy can correlate above {with_interval(ceiling)}.")


def _notes(proxies: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """Yield the judges' remarks, once each, with the proxies they are about."""
    about: dict[str, list[str]] = {}
    for row in proxies:
        if isinstance(note := row.get("note"), str) and not row.get("trivial"):
            about.setdefault(text_of(note), []).append(text_of(row.get("name")))
    for note, names in about.items():
        yield Text(text=f"{', '.join(names)}: {note}.", role="note")
