"""Each proxy against the outcome, candidate by candidate, with a straight-line fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.report.document import marks
from harness.report.document.blocks import Chart, Grid, Section, Text
from harness.report.document.selection import candidates_of, group_of, groups_in, notable_proxies, strongest_first
from harness.report.figures import bounds
from harness.report.shape import mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

FEWEST = 3
"""Candidates from which a line is fitted."""
SHOWN = 6
"""Charts that are open from the start."""
POINTS_OF_BAND = 24
LEVEL = 0.95


def scatter_section(result: Mapping[str, Any]) -> Section | None:
    """Return one small chart a proxy; the trivial ones too, because they show what chance looks like."""
    candidates = candidates_of(result)
    notable = notable_proxies(result)
    ranked = [str(row.get("name")) for row in strongest_first(rows_of(result.get("proxies")))]
    names = list(dict.fromkeys([*notable, *ranked]))
    charts = [chart for name in names if (chart := _chart(name, candidates, result)) is not None]
    if not charts:
        return None
    metric = text_of(mapping_of(result.get("outcome_metric")).get("name"))
    intro = Text(
        text=f"Across: the proxy before RL. Up: {metric} after RL. One dot a candidate with 95 % intervals; the line is a "
        "least-squares fit over candidates, shaded where it lies with 95 % confidence."
    )
    grids = [Grid(charts=tuple(charts[:SHOWN]))]
    if charts[SHOWN:]:
        grids.append(Grid(charts=tuple(charts[SHOWN:]), folded=f"The other {len(charts) - SHOWN} proxies"))
    return Section(id="scatter", label="Scatter plots", title="Proxies against the outcome", blocks=(intro, *grids))


def _chart(proxy: str, candidates: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> Chart | None:
    rows = list(_points(proxy, candidates, result))
    if len(rows) < 2:
        return None
    metric = text_of(mapping_of(result.get("outcome_metric")).get("name"))
    x = marks.number("x", None, tickCount=4, grid=False)
    y = marks.number("y", f"{metric} after RL", tickCount=4)
    tips = [marks.tip("candidate", "candidate", digits=None), marks.tip("x", "proxy", digits=4), marks.tip("y", "outcome")]
    line = list(fit(np.array([r["x"] for r in rows]), np.array([r["y"] for r in rows])))
    fitted = [] if not line else [_band(line, x, y), _line(line, x, y)]
    spec = {
        "data": marks.data(rows),
        "width": marks.SMALL,
        "height": 190,
        "layer": [
            *fitted,
            marks.whiskers("y", x, {**y, "field": "y_low"}, low="y_low", high="y_high"),
            marks.whiskers("x", y, {**x, "field": "x_low"}, low="x_low", high="x_high"),
            {
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": marks.colour("group", *groups_in(candidates, result), legend=False),
                    "tooltip": tips,
                },
            },
        ],
    }
    judged = next((row for row in rows_of(result.get("proxies")) if row.get("name") == proxy), {})
    rho, r2 = bounds(judged.get("spearman")).value, bounds(judged.get("r2")).value
    said = [f"Spearman {rho:.2f}" if rho is not None else "", f"R2 {r2:.2f}" if r2 is not None else ""]
    return Chart(
        name=f"scatter-{proxy}",
        title=proxy,
        description=", ".join([part for part in said if part] or ["no correlation can be had"]),
        spec=spec,
    )


def fit(x: NDArray[np.float64], y: NDArray[np.float64]) -> Iterator[dict[str, float]]:
    """Yield a least-squares line with its pointwise 95 % confidence band, where at least three candidates allow one.

    The band is y(x) +- t * s * sqrt(1/n + (x - mean)^2 / Sxx), s^2 the residual variance with n - 2 degrees of freedom
    (Draper and Smith, Applied Regression Analysis, 3rd ed., section 1.4 and 3.1).

    Args:
        x: the proxy's readings, shape (candidates,).
        y: the outcomes, shape (candidates,).
    """
    from scipy.stats import linregress, t

    n = len(x)
    if n < FEWEST or np.ptp(x) <= 1e-12 * max(1.0, float(np.abs(x).max())):
        return
    line = linregress(x, y)
    spread = float(np.sum((x - x.mean()) ** 2))
    residual = float(np.sqrt(np.sum((y - line.intercept - line.slope * x) ** 2) / (n - 2)))
    reach = float(t.ppf(0.5 + LEVEL / 2, n - 2)) * residual
    for at in np.linspace(x.min(), x.max(), POINTS_OF_BAND):
        middle = line.intercept + line.slope * at
        half = reach * np.sqrt(1 / n + (at - x.mean()) ** 2 / spread)
        yield {"x": float(at), "y": float(middle), "low": float(middle - half), "high": float(middle + half)}


def _band(line: Sequence[Mapping[str, float]], x: Mapping[str, Any], y: Mapping[str, Any]) -> dict[str, Any]:
    mark = {"type": "area", "opacity": 0.1, "color": marks.SOFT, "clip": True}
    return {
        "data": marks.data(line),
        "mark": mark,
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
    }


def _line(line: Sequence[Mapping[str, float]], x: Mapping[str, Any], y: Mapping[str, Any]) -> dict[str, Any]:
    mark = {"type": "line", "color": marks.SOFT, "strokeWidth": 1.2, "strokeDash": [4, 3]}
    return {"data": marks.data([line[0], line[-1]]), "mark": mark, "encoding": {"x": x, "y": y}}


def _points(proxy: str, candidates: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in candidates:
        reading, outcome = bounds(mapping_of(one.get("proxies")).get(proxy)), bounds(one.get("outcome"))
        if reading.value is None or outcome.value is None:
            continue
        yield {
            "candidate": one.get("name"),
            "group": group_of(one, result),
            "x": reading.value,
            "x_low": reading.low if reading.low is not None else reading.value,
            "x_high": reading.high if reading.high is not None else reading.value,
            "y": outcome.value,
            "y_low": outcome.low if outcome.low is not None else outcome.value,
            "y_high": outcome.high if outcome.high is not None else outcome.value,
        }
