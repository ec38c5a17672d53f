"""Prediction: how far off a fitted proxy is on candidates it was not fitted to, and how many RL runs a fit needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import marks
from harness.report.document.blocks import Chart, Row, Section, Table, Text
from harness.report.document.cells import columns, figure, word
from harness.report.figures import bounds
from harness.report.shape import mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_ROWS = 12


def prediction_section(result: Mapping[str, Any]) -> Section | None:
    """Return the best predictors and the calibration curve; None for a result without them."""
    tables = [table for part in ("predictors", "combined") if (table := _table(part, mapping_of(result.get(part))))]
    curve = mapping_of(result.get("calibration"))
    chart = [_chart(curve)] if len(rows_of(curve.get("points"))) > 1 else []
    if not tables and not chart:
        return None
    intro = Text(
        text="A rank says who is ahead; a prediction says by how much. R2 below zero: worse than guessing the mean outcome."
    )
    return Section(
        id="prediction", label="Prediction", title="Can the outcome be predicted?", blocks=(intro, *chart, *tables)
    )


def _table(part: str, found: Mapping[str, Any]) -> Table | None:
    rows = [row for row in rows_of(found.get("rows")) if bounds(row.get("r2")).value is not None]
    rows = sorted(rows, key=lambda row: -(bounds(row.get("r2")).value or 0.0))[:MOST_ROWS]
    if not rows:
        return None
    what = "One proxy at a time" if part == "predictors" else "Two proxies combined"
    cells = [
        Row(
            cells=(
                word(row.get("proxy")),
                word(row.get("predictor")),
                word(row.get("scheme")),
                figure(row.get("r2")),
                figure(row.get("mae")),
            )
        )
        for row in rows
    ]
    return Table(
        name=part,
        caption=f"{what}: the best on candidates left out of the fit (in brackets: central 95 % of splits)",
        columns=columns("proxy", "predictor", "left out", "R2", "mean error", left=3),
        rows=tuple(cells),
        folded=part == "combined",
    )


def _chart(curve: Mapping[str, Any]) -> Chart:
    proxy = text_of(curve.get("proxy"))
    with_proxy, without = f"{proxy}, calibrated on them", "the best of those runs"
    rows = list(_points(curve, with_proxy, without))
    x = marks.number("runs", "candidates whose RL was run", grid=False, format="d")
    y = marks.number("regret", "lost against the best candidate", zero=True)
    shade = marks.colour("how", [with_proxy, without], [marks.SERIES[0], marks.SOFT])
    tips = [marks.tip("how", "", digits=None), marks.tip("runs", "runs", digits=0), marks.tip("regret", "lost")]
    line = {"type": "line", "strokeWidth": 2.2, "point": {"filled": True, "size": 45}}
    spec = {
        "data": marks.data(rows),
        "width": marks.WIDE,
        "height": 240,
        "mark": line,
        "encoding": {"x": x, "y": y, "color": shade, "tooltip": tips},
    }
    return Chart(
        name="calibration",
        title="How many RL runs does a choice need?",
        description="Mean loss after RL on so many candidates at random: "
        f"choosing among all with {proxy}, or only among those run.",
        spec=spec,
    )


def _points(curve: Mapping[str, Any], with_proxy: str, without: str) -> Iterator[dict[str, Any]]:
    for point in rows_of(curve.get("points")):
        for how, key in ((with_proxy, "regret"), (without, "regret_known_only")):
            value = bounds(point.get(key)).value
            if value is not None:
                yield {"runs": point.get("calibration_runs"), "how": how, "regret": value}
