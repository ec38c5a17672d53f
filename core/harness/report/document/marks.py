"""Pieces of Vega-Lite that the charts share: scales, intervals, colours, and the theme.

Vega-Lite: Satyanarayan et al., IEEE TVCG 2017; https://vega.github.io/vega-lite/docs/.
Colours are CSS variables, so that one drawing serves light, dark and print; a picture without a page gets the light ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLOURS: dict[str, str] = {
    "--ink": "#1c2128",
    "--soft": "#57606a",
    "--line": "#e4e7eb",
    "--paper": "#ffffff",
    "--grey": "#a7b0ba",
    "--s1": "#0b5cad",
    "--s2": "#c2410c",
    "--s3": "#0f766e",
    "--s4": "#8b3d9b",
    "--s5": "#8a6d00",
    "--s6": "#4d5a68",
}
"""The light theme by CSS variable; page.css holds the same and the dark one."""

SERIES = ("var(--s1)", "var(--s2)", "var(--s3)", "var(--s4)", "var(--s5)", "var(--s6)")
INK, SOFT, LINE, PAPER, GREY = "var(--ink)", "var(--soft)", "var(--line)", "var(--paper)", "var(--grey)"

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

CONFIG: dict[str, Any] = {
    "aria": False,
    "background": None,
    "font": FONT,
    "padding": 4,
    "view": {"stroke": None},
    "mark": {"color": SERIES[0]},
    "rule": {"color": SOFT},
    "text": {"color": INK},
    "axis": {
        "domainColor": LINE,
        "gridColor": LINE,
        "labelColor": SOFT,
        "labelFontSize": 11,
        "labelLimit": 170,
        "tickColor": LINE,
        "tickSize": 4,
        "titleColor": INK,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "legend": {
        "labelColor": INK,
        "labelFontSize": 12,
        "labelLimit": 240,
        "orient": "top",
        "symbolOpacity": 1,
        "symbolSize": 90,
        "title": None,
        "columns": 3,
        "padding": 0,
    },
    "header": {"labelColor": INK, "title": None},
}
"""The theme. The page names the drawing, so the marks need no ARIA text of their own."""

WIDE = 640
"""Width in pixels where the page does not set it."""
SMALL = 250

TICK_VALUES = 12
"""Amounts on an axis that are all named."""


def data(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return inline data."""
    return {"values": [dict(row) for row in rows]}


def number(field: str, title: str | None, *, zero: bool = False, **more: Any) -> dict[str, Any]:
    """Return a quantitative channel; `domain` and `type` go to its scale, `format` and `values` to its axis."""
    scale: dict[str, Any] = {name: more[name] for name in ("domain", "type", "base", "nice", "padding") if name in more}
    scale |= {} if scale.get("type") == "log" else {"zero": zero}
    axis = {name: more[name] for name in ("format", "values", "tickCount", "tickMinStep", "grid") if name in more}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": axis}


def name(field: str, title: str | None = None, *, sort: Sequence[str] | None = None, **axis: Any) -> dict[str, Any]:
    """Return a nominal channel in the order given."""
    return {
        "field": field,
        "type": "nominal",
        "title": title,
        "sort": list(sort) if sort is not None else None,
        **({"axis": axis} if axis else {}),
    }


def colour(field: str, domain: Sequence[str], range_: Sequence[str] = SERIES, *, legend: bool = True) -> dict[str, Any]:
    """Return a colour channel; series beyond the palette are grey."""
    used = [range_[i] if i < len(range_) else GREY for i in range(len(domain))]
    shown: dict[str, Any] = {} if legend else {"legend": None}
    return {"field": field, "type": "nominal", "scale": {"domain": list(domain), "range": used}, **shown}


def bands(
    x: Mapping[str, Any], y: Mapping[str, Any], *, shade: Mapping[str, Any], where: str | None = None
) -> dict[str, Any]:
    """Return a layer that shades from `low` to `high`."""
    layer: dict[str, Any] = {
        "mark": {"type": "area", "opacity": 0.14},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": shade},
    }
    return {**layer, "transform": [{"filter": where}]} if where else layer


def whiskers(axis: str, other: Mapping[str, Any], along: Mapping[str, Any], *, low: str, high: str) -> dict[str, Any]:
    """Return a layer of thin intervals along `axis` ("x" or "y")."""
    across = "y" if axis == "x" else "x"
    encoding = {axis: {**along, "field": low}, f"{axis}2": {"field": high}, across: other}
    return {"mark": {"type": "rule", "opacity": 0.55, "strokeWidth": 1.2}, "encoding": encoding}


def tip(field: str, title: str, *, digits: int | None = 3) -> dict[str, Any]:
    """Return one line of a tooltip."""
    if digits is None:
        return {"field": field, "type": "nominal", "title": title}
    return {"field": field, "type": "quantitative", "title": title, "format": f".{digits}f" if digits else ","}
