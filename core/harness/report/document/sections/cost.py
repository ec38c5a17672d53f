"""What the study cost, and what each proxy costs for what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import marks
from harness.report.document.blocks import Cell, Chart, Row, Section, Table
from harness.report.document.cells import columns, span, whole, word
from harness.report.figures import bounds
from harness.report.shape import mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def cost_section(result: Mapping[str, Any]) -> Section | None:
    """Return cost by kind of step, and quality against cost."""
    cost = mapping_of(result.get("cost"))
    if bounds(cost.get("seconds")).value is None:
        return None
    points = list(_points(result))
    unit = text_of(mapping_of(result.get("pareto")).get("unit") or "seconds")
    chart = [_chart(points, unit)] if len(points) > 1 else []
    return Section(id="cost", title="Cost", blocks=(_table(cost), *chart))


def _table(cost: Mapping[str, Any]) -> Table:
    kinds = mapping_of(cost.get("by_kind"))
    spent = {kind: mapping_of(row) if isinstance(row, dict) else {"seconds": row} for kind, row in kinds.items()}
    total = bounds(cost.get("seconds")).value or 0.0
    rows = []
    for kind, row in sorted(spent.items(), key=lambda pair: -(bounds(pair[1].get("seconds")).value or 0.0)):
        seconds = bounds(row.get("seconds")).value or 0.0
        share = Cell(text=f"{seconds / total:.0%}" if total else "-", value=seconds / total if total else None)
        rows.append(Row(cells=(word(kind), whole(row.get("steps")), span(seconds), share, whole(row.get("tokens")))))
    steps = sum(bounds(row.get("steps")).value or 0.0 for row in spent.values())
    whole_study = (word("in all"), whole(steps), span(total), Cell(text="100%", value=1.0), whole(cost.get("tokens")))
    return Table(
        name="cost",
        caption="Cost by kind of step, all attempts added up",
        columns=columns("kind", "steps", "compute", "share", "tokens"),
        rows=(*rows, Row(cells=whole_study, emphasis="strong")),
    )


def _points(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    trivial = {row.get("name") for row in rows_of(result.get("proxies")) if row.get("trivial")}
    for point in rows_of(mapping_of(result.get("pareto")).get("points")):
        quality, cost = bounds(point.get("quality")).value, bounds(point.get("cost")).value
        if quality is not None and cost is not None and cost > 0.0 and point.get("name") not in trivial:
            on_front = point.get("on_front") is True
            yield {
                "proxy": point.get("name"),
                "quality": quality,
                "cost": cost,
                "group": "no better one for less" if on_front else "a better one costs no more",
            }


def _chart(points: Sequence[Mapping[str, Any]], unit: str) -> Chart:
    x = marks.number("cost", f"cost of measuring all candidates, {unit}", type="log")
    y = marks.number("quality", "Spearman with the outcome", format=".1f")
    shade = marks.colour("group", ["no better one for less", "a better one costs no more"], [marks.SERIES[0], marks.GREY])
    tips = [marks.tip("proxy", "proxy", digits=None), marks.tip("quality", "Spearman"), marks.tip("cost", unit, digits=1)]
    front = [{"filter": "datum.group == 'no better one for less'"}]
    label = {"type": "text", "align": "right", "dx": -8, "dy": -8, "fontSize": 11, "limit": 160}
    spec = {
        "data": marks.data(points),
        "width": marks.WIDE,
        "height": 280,
        "layer": [
            {"transform": front, "mark": {"type": "line", "opacity": 0.5}, "encoding": {"x": x, "y": y}},
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": shade, "tooltip": tips},
            },
            {
                "transform": front,
                "mark": label,
                "encoding": {"x": x, "y": y, "text": {"field": "proxy"}, "color": {"value": marks.SOFT}},
            },
        ],
    }
    best = ", ".join(text_of(point["proxy"]) for point in points if point["group"] == "no better one for less")
    said = f"Up and to the left is better. On the front: {best}."
    return Chart(name="quality-against-cost", title="Validity of a proxy against its cost", description=said, spec=spec)
