"""Drawings: static SVG that needs no script, takes its colours from the page, and says in words what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from harness.leaderboard.site.markup import Html, tag
from harness.leaderboard.wording import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.leaderboard.along import Along, Point

WIDE, HIGH = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 44, 178, 16, 44
LABEL_GAP = 15
"""Least distance between two labels at the right edge."""


def rank_bar(first: int, last: int, size: int) -> Html:
    """Draw the places from `first` to `last` among `size`."""
    step = 100 / size
    span = tag(
        "rect", x=_at((first - 1) * step), y="3", width=_at((last - first + 1) * step), height="8", rx="2", class_="span"
    )
    return _small(join_svg(tag("rect", x="0", y="6", width="100", height="2", class_="rail"), span))


def share_bar(value: float, low: float | None, high: float | None) -> Html:
    """Draw a share in [0, 1] with its interval and a tick at one half."""
    parts = [
        tag("rect", x="0", y="6", width="100", height="2", class_="rail"),
        tag("rect", x="49.5", y="1", width="1", height="12", class_="tick"),
    ]
    if low is not None and high is not None:
        parts.append(tag("rect", x=_at(100 * low), y="5", width=_at(100 * (high - low)), height="4", class_="span"))
    parts.append(tag("circle", cx=_at(100 * value), cy="7", r="4", class_="dot"))
    return _small(join_svg(*parts))


def join_svg(*parts: Html) -> Html:
    """Put parts of a drawing side by side."""
    return Html("".join(parts))


def _small(content: Html) -> Html:
    # Decoration: the figures stand beside it.
    return tag("svg", content, class_="mini", viewBox="-5 0 110 14", aria_hidden="true", focusable="false")


def _at(number: float) -> str:
    return f"{number:.1f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    steps: tuple[float, ...]
    low: float

    def x(self, step: float) -> float:
        """Logarithmic where RL spans more than four times: most happens early."""
        first, last = self.steps[0], self.steps[-1]
        if first > 0 and last / first > 4:
            part = log(step / first) / log(last / first)
        else:
            part = (step - first) / (last - first) if last > first else 0.5
        return LEFT + part * (WIDE - LEFT - RIGHT)

    def y(self, rho: float) -> float:
        return TOP + (1.0 - rho) / (1.0 - self.low) * (HIGH - TOP - BOTTOM)


def curves(along: Sequence[Along], emphasised: Sequence[str], title: str) -> Html:
    """Draw rho against RL steps, a line a proxy, each named at its end.

    Args:
        along: the curves of one result.
        emphasised: labels drawn strongly, in this order of colours; the others recede.
        title: says what it shows.
    """
    drawn = [one for one in along if any(p.spearman is not None for p in one.points)]
    if not drawn:
        return Html("")
    values = [p.spearman for one in drawn for p in one.points if p.spearman is not None]
    low = -1.0 if min(values) < -0.5 else -0.5 if min(values) < 0.0 else 0.0
    steps = sorted({float(p.step) for one in drawn for p in one.points})
    scale = _Scale(steps=tuple(steps), low=low)
    order = sorted(drawn, key=lambda one: (one.label in emphasised, not one.trivial))
    lines = [_line(one, scale, _class(one, emphasised)) for one in order]
    return tag(
        "svg",
        tag("title", title),
        _axes(scale),
        *lines,
        *_labels(drawn, scale, emphasised),
        role="img",
        class_="curves",
        viewBox=f"0 0 {WIDE} {HIGH}",
        aria_label=title,
    )


def _class(one: Along, emphasised: Sequence[str]) -> str:
    if one.label in emphasised:
        return f"main main-{emphasised.index(one.label) + 1}"
    return "trivial" if one.trivial else "other"


def _axes(scale: _Scale) -> Html:
    parts = []
    ticks = [round(-1.0 + 0.25 * place, 2) for place in range(9) if -1.0 + 0.25 * place >= scale.low]
    for rho in ticks:
        y = _at(scale.y(rho))
        parts.append(tag("line", x1=LEFT, x2=WIDE - RIGHT, y1=y, y2=y, class_="zero" if rho == 0.0 else "grid"))
        if (rho * 2) % 1 == 0:
            parts.append(tag("text", short(rho) if rho else "0", x=LEFT - 8, y=_at(scale.y(rho) + 4), class_="axis end"))
    for step in scale.steps:
        x = _at(scale.x(step))
        parts.append(tag("line", x1=x, x2=x, y1=HIGH - BOTTOM, y2=HIGH - BOTTOM + 5, class_="tick"))
        parts.append(tag("text", f"{step:g}", x=x, y=HIGH - BOTTOM + 18, class_="axis middle"))
    middle = _at((LEFT + WIDE - RIGHT) / 2)
    parts.append(tag("text", "RL steps", x=middle, y=HIGH - 8, class_="axis middle"))
    return join_svg(*parts)


def _line(one: Along, scale: _Scale, style: str) -> Html:
    known = [p for p in one.points if p.spearman is not None]
    points = " ".join(f"{_at(scale.x(p.step))},{_at(_y(p, scale))}" for p in known)
    dots = [
        tag("circle", cx=_at(scale.x(p.step)), cy=_at(_y(p, scale)), r="3.2", class_="hollow" if p.circular else "point")
        for p in known
    ]
    return tag("g", tag("polyline", points=points), *dots, class_=f"curve {style}")


def _y(point: Point, scale: _Scale) -> float:
    return scale.y(point.spearman if point.spearman is not None else 0.0)


def _labels(drawn: Sequence[Along], scale: _Scale, emphasised: Sequence[str]) -> list[Html]:
    """Name each line at its last point, pushed apart so that no two names meet."""
    ends = []
    for one in drawn:
        last = next(p for p in reversed(one.points) if p.spearman is not None)
        ends.append((_y(last, scale), one, last))
    ends.sort(key=lambda end: end[0])
    places = [end[0] for end in ends]
    for at in range(1, len(places)):
        places[at] = max(places[at], places[at - 1] + LABEL_GAP)
    overhang = places[-1] - (HIGH - BOTTOM + 8)
    if overhang > 0:
        places[-1] -= overhang
        for at in range(len(places) - 2, -1, -1):
            places[at] = min(places[at], places[at + 1] - LABEL_GAP)
    found = []
    for (y, one, last), place in zip(ends, places, strict=True):
        x = scale.x(last.step)
        leader = f"{_at(x + 5)},{_at(y)} {_at(WIDE - RIGHT + 14)},{_at(place)}"
        style = _class(one, emphasised)
        found.append(tag("polyline", points=leader, class_=f"leader {style}"))
        found.append(tag("text", one.label[:22], x=WIDE - RIGHT + 18, y=_at(place + 4), class_=f"name {style}"))
    return found
