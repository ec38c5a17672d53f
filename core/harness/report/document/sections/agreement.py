"""Do the proxies agree? Which candidate each puts first, and how alike they rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import marks
from harness.report.document.blocks import Chart, Row, Section, Table, Text
from harness.report.document.cells import columns, whole, word
from harness.report.figures import bounds
from harness.report.shape import list_of, mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def agreement_section(result: Mapping[str, Any]) -> Section | None:
    """Return who picks whom, and the rank correlations between proxies."""
    agreement = mapping_of(result.get("agreement"))
    names = [text_of(name) for name in list_of(agreement.get("names"))]
    if len(names) < 2:
        return None
    intro = Text(
        text="Where proxies rank the candidates alike, they say one thing in several ways; where they part, the choice of "
        "proxy is the choice of candidate."
    )
    rows = list(_pairs(names, list_of(agreement.get("spearman"))))
    chart = [_chart(names, rows)] if rows else []
    return Section(
        id="agreement",
        label="Agreement",
        title="Do the proxies agree?",
        blocks=(intro, _picks(result, agreement, names), *chart),
    )


def _picks(result: Mapping[str, Any], agreement: Mapping[str, Any], names: Sequence[str]) -> Table:
    candidates = [text_of(one.get("name")) for one in rows_of(result.get("candidates"))]
    by_pick: dict[str, list[str]] = {}
    for name, picks in zip(names, list_of(agreement.get("picks")), strict=False):
        places = [candidates[i] for i in list_of(picks) if isinstance(i, int) and 0 <= i < len(candidates)]
        by_pick.setdefault(" = ".join(places) or "no one", []).append(name)
    ordered = sorted(by_pick.items(), key=lambda pair: -len(pair[1]))
    return Table(
        name="picks",
        caption="Which candidate each proxy puts first",
        columns=(*columns("candidate"), *columns("proxies", left=0), *columns("named by")),
        rows=tuple(Row(cells=(word(pick), whole(len(by)), word(", ".join(by)))) for pick, by in ordered),
    )


def _pairs(names: Sequence[str], matrix: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for name, line in zip(names, matrix, strict=False):
        for other, value in zip(names, list_of(line), strict=False):
            found = bounds(value).value
            if found is not None:
                yield {"a": name, "b": other, "rho": round(found, 4)}


def _chart(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Chart:
    step = 26 if len(names) <= 12 else 17
    pale = {"field": "rho", "type": "quantitative", "legend": None, "scale": {"domain": [0, 1], "range": [0.06, 1]}}
    transform = [{"calculate": "abs(datum.rho)", "as": "size"}]
    sign = {
        "field": "rho",
        "type": "quantitative",
        "title": "Spearman",
        "scale": {"type": "threshold", "domain": [0], "range": [marks.SERIES[1], marks.SERIES[0]]},
        "legend": None,
    }
    tips = [marks.tip("a", "proxy", digits=None), marks.tip("b", "and", digits=None), marks.tip("rho", "Spearman", digits=2)]
    spec = {
        "data": marks.data(rows),
        "transform": transform,
        "width": {"step": step},
        "height": {"step": step},
        "mark": {"type": "rect", "stroke": marks.PAPER, "strokeWidth": 1},
        "encoding": {
            "x": marks.name("b", sort=names, labelAngle=-60, labelLimit=130),
            "y": marks.name("a", sort=names, labelLimit=190),
            "color": sign,
            "opacity": {**pale, "field": "size"},
            "tooltip": tips,
        },
    }
    apart = min(rows, key=lambda row: row["rho"])
    far = f"Furthest apart: {apart['a']} and {apart['b']}, {apart['rho']:+.2f}."
    said = f"Blue: they rank alike; orange: the other way round; pale: unrelated. {far}"
    return Chart(name="agreement", title="Rank correlation between proxies", description=said, spec=spec, stretches=False)
