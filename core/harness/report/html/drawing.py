"""Charts drawn by Vega through vl-convert: as SVG for the page, as PNG for papers; and Vega itself for the page."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import MissingError
from harness.report.document.marks import COLOURS, CONFIG

if TYPE_CHECKING:
    from types import ModuleType

    from harness.report.document.blocks import Chart

EXTRA = "report"
SCALE = 2.0
"""Pixels of a PNG for each of the chart's."""
_NAMED = re.compile(r'(id="|url\(#)(?=(?:clip|gradient)[\w-]*)')


def require_drawing() -> None:
    """Check that charts can be drawn here, before any other work.

    Raises:
        MissingError: the package that draws them is not installed; the message says how to get it.
    """
    _converter()


def svg(chart: Chart, number: int) -> str:
    """Draw a chart as SVG whose colours are the page's CSS variables, hidden from screen readers: its frame is labelled.

    Args:
        chart: what to draw.
        number: of the chart on its page; ids inside the drawing carry it, as two drawings must not share one.
    """
    drawn: str = _converter().vegalite_to_svg(_with_theme(chart))
    hidden = drawn.replace("<svg ", '<svg aria-hidden="true" ', 1)
    return _NAMED.sub(lambda m: f"{m[1]}c{number}-", hidden)


def png(chart: Chart) -> bytes:
    """Draw a chart as PNG in the light theme, on white."""
    spec = _plain_colours({**_with_theme(chart), "background": COLOURS["--paper"]})
    drawn: bytes = _converter().vegalite_to_png(spec, scale=SCALE)
    return drawn


def vega_script() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script (BSD-3-Clause) that sets `vegaEmbed`; kept once it was bundled."""
    converter = _converter()
    kept = _cache() / f"vega-{converter.get_vega_version()}-{converter.__version__}.js"
    try:
        return kept.read_text(encoding="utf-8")
    except OSError:
        script: str = converter.javascript_bundle()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_name(f".{kept.name}.{os.getpid()}")
        draft.write_text(script, encoding="utf-8")
        draft.replace(kept)
    except OSError:
        pass  # a cache that cannot be written costs time, no more
    return script


def _converter() -> ModuleType:
    try:
        import vl_convert
    except ImportError:
        raise MissingError(
            "the report's charts need the package vl-convert-python, which is not installed; "
            f"run: pip install 'posttrain-harness[{EXTRA}]'"
        ) from None
    return vl_convert


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "posttrain-harness"


def _with_theme(chart: Chart) -> dict[str, Any]:
    return {**chart.spec, "config": CONFIG}


def _plain_colours(value: Any) -> Any:
    """Put the light theme's colours in the place of CSS variables."""
    if isinstance(value, dict):
        return {name: _plain_colours(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain_colours(part) for part in value]
    if isinstance(value, str) and value.startswith("var(") and value.endswith(")"):
        return COLOURS.get(value[4:-1], value)
    return value
