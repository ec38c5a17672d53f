"""How SFT and RL went: the outcome along RL, and what the trainers logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import marks
from harness.report.document.blocks import Block, Chart, Grid, Section, Text
from harness.report.document.selection import OTHERS, candidates_of, group_of, groups_in
from harness.report.figures import bounds
from harness.report.shape import mapping_of, rows_of, text_of
from harness.report.study.curves import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.report.study.curves import Curve


def training_section(result: Mapping[str, Any], curves: Sequence[Curve]) -> Section | None:
    """Return the outcome along RL, then a chart a metric that the trainers logged."""
    candidates = candidates_of(result)
    groups = groups_in(candidates, result)
    group = {str(one.get("name")): group_of(one, result) for one in candidates}
    along = _along(result, candidates, groups)
    logged = list(_logged(curves, group, groups))
    if along is None and not logged:
        return None
    say = (
        "The reward is what RL was trained on; the outcome is judged apart from it. Where the reward rises and the outcome "
        "does not, RL has found a way around the task."
    )
    if not curves:
        say += " Rewards and losses step by step stand in the study's store, which is not at hand here."
    blocks: list[Block] = [Text(text=say)]
    if along is not None:
        blocks.append(along)
    if logged:
        blocks.append(Grid(charts=tuple(logged)))
    return Section(id="training", label="Training", title="How SFT and RL went", blocks=tuple(blocks))


def _along(
    result: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]], groups: tuple[list[str], list[str]]
) -> Chart | None:
    metric = text_of(mapping_of(result.get("outcome_metric")).get("name"))
    rows = [row for one in candidates for row in _moments(one, result, metric)]
    if len({row["step"] for row in rows}) < 3:
        return None
    x = marks.number("step", "RL steps", zero=True, grid=False, tickMinStep=1)
    y = marks.number("value", metric)
    tips = [
        marks.tip("candidate", "candidate", digits=None),
        marks.tip("step", "RL steps", digits=0),
        marks.tip("value", metric),
    ]
    spec = _lines(rows, x, y, marks.colour("group", *groups), tips, point=True)
    name = "outcome-along-rl"
    said = "One line a candidate, from before RL to its end."
    return Chart(name=name, title=f"The outcome along RL, {metric}", description=said, spec=spec)


def _moments(candidate: Mapping[str, Any], result: Mapping[str, Any], metric: str) -> Iterator[dict[str, Any]]:
    """Yield the outcome before RL, on the way, and at its end."""
    ends = [point.get("step") for point in rows_of(result.get("along"))]
    found: list[tuple[Any, float | None]] = [(0, bounds(mapping_of(candidate.get("pre")).get(metric)).value)]
    found += [(point.get("step"), bounds(point.get("outcome")).value) for point in rows_of(candidate.get("along"))]
    found += [(ends[-1], bounds(candidate.get("outcome")).value)] if ends else []
    name, group = str(candidate.get("name")), group_of(candidate, result)
    for step, value in found:
        if value is not None:
            yield {"candidate": name, "run": name, "group": group, "step": step, "value": value, "front": group != OTHERS}


def _logged(curves: Sequence[Curve], group: Mapping[str, str], groups: tuple[list[str], list[str]]) -> Iterator[Chart]:
    for kind, metrics in SHOWN.items():
        for metric, title in metrics.items():
            rows = [
                {
                    "candidate": curve.candidate,
                    "run": f"{curve.candidate} {curve.seed}",
                    "group": group.get(curve.candidate, OTHERS),
                    "step": step,
                    "value": value,
                    "front": group.get(curve.candidate, OTHERS) != OTHERS,
                }
                for curve in curves
                if (curve.kind, curve.metric) == (kind, metric)
                for step, value in curve.points
            ]
            if rows:
                yield _metric(kind, metric, title, rows, groups)


def _metric(
    kind: str, metric: str, title: str, rows: Sequence[Mapping[str, Any]], groups: tuple[list[str], list[str]]
) -> Chart:
    x = marks.number("step", f"{kind.upper()} steps", grid=False, tickMinStep=1, tickCount=5)
    tips = [marks.tip("run", "candidate and seed", digits=None), marks.tip("step", "step", digits=0)]
    tips.append(marks.tip("value", title))
    spec = _lines(rows, x, marks.number("value", None, tickCount=4), marks.colour("group", *groups), tips, point=False)
    spec |= {"width": marks.SMALL, "height": 170}
    said = "One line a run, as its trainer logged it; neighbouring steps are averaged where there are many."
    return Chart(name=f"{kind}-{metric.replace('_', '-')}", title=title, description=said, spec=spec)


def _lines(
    rows: Sequence[Mapping[str, Any]],
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    shade: Mapping[str, Any],
    tips: Sequence[Mapping[str, Any]],
    *,
    point: bool,
) -> dict[str, Any]:
    """Return lines, the notable candidates in front of the others."""
    encoding = {"x": x, "y": y, "color": shade, "detail": {"field": "run"}, "tooltip": list(tips)}
    dot = {"point": {"filled": True, "size": 30}} if point else {}
    behind = {"type": "line", "strokeWidth": 1.1, "opacity": 0.75, **dot}
    return {
        "data": marks.data(rows),
        "width": marks.WIDE,
        "height": 260,
        "layer": [
            {"transform": [{"filter": "!datum.front"}], "mark": behind, "encoding": encoding},
            {
                "transform": [{"filter": "datum.front"}],
                "mark": {"type": "line", "strokeWidth": 2.4, **dot},
                "encoding": encoding,
            },
        ],
    }
