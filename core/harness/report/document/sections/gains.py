"""What SFT gained against what RL gained on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import marks
from harness.report.document.blocks import Cell, Chart, Row, Section, Table, Text
from harness.report.document.cells import columns, difference, figure, word
from harness.report.document.selection import candidates_of, group_of, groups_in
from harness.report.figures import bounds, signed
from harness.report.shape import mapping_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def gains_section(result: Mapping[str, Any]) -> Section | None:
    """Return the chart of gains, and how the outcome moved along RL where it was measured on the way."""
    metric = text_of(mapping_of(result.get("outcome_metric")).get("name"))
    candidates = candidates_of(result)
    rows = _rows(candidates, result, metric)
    if not rows:
        return None
    base = next((one for one in candidates if one.get("kind") == "base"), None)
    start = bounds(mapping_of(base.get("pre")).get(metric)).value if base is not None else None
    intro = Text(
        text="RL gain: the paired difference by problem. Where the dots fall to the right, SFT took up what RL would have "
        "found; where they rise, SFT prepared the ground."
    )
    blocks = (intro, _chart(rows, start, metric, groups_in(candidates, result)), _table(rows, start, metric))
    return Section(id="gains", label="Gains", title="SFT gain against RL gain", blocks=blocks)


def _rows(candidates: Sequence[Mapping[str, Any]], result: Mapping[str, Any], metric: str) -> list[dict[str, Any]]:
    found = []
    for one in candidates:
        before, gain = bounds(mapping_of(one.get("pre")).get(metric)), bounds(one.get("gain"))
        if before.value is None or gain.value is None:
            continue
        found.append(
            {
                "candidate": one.get("name"),
                "group": group_of(one, result),
                "before": before.value,
                "gain": gain.value,
                "low": gain.low if gain.low is not None else gain.value,
                "high": gain.high if gain.high is not None else gain.value,
            }
        )
    return found


def _chart(
    rows: Sequence[Mapping[str, Any]], start: float | None, metric: str, groups: tuple[list[str], list[str]]
) -> Chart:
    drawn = [{**row, "sft": row["before"] - (start or 0.0)} for row in rows]
    across = (
        f"SFT gain: {metric} before RL less the base's"
        if start is not None
        else f"{metric} before RL (the study has no base)"
    )
    x = marks.number("sft", across, format="+.2f" if start is not None else ".2f")
    y = marks.number("gain", f"RL gain, {metric}", format="+.2f")
    tips = [marks.tip("candidate", "candidate", digits=None), marks.tip("sft", "SFT gain"), marks.tip("gain", "RL gain")]
    spec = {
        "data": marks.data(drawn),
        "width": marks.WIDE,
        "height": 300,
        "layer": [
            {"mark": {"type": "rule"}, "encoding": {"y": {"datum": 0}}},
            marks.whiskers("y", x, {**y, "field": "low"}, low="low", high="high"),
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": marks.colour("group", *groups), "tooltip": tips},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "dy": -7, "fontSize": 11, "limit": 130},
                "encoding": {"x": x, "y": y, "text": {"field": "candidate"}, "color": {"value": marks.SOFT}},
            },
        ],
    }
    most = max(rows, key=lambda row: row["gain"])
    return Chart(
        name="gains",
        title="What SFT gained and what RL gained on top",
        description="One dot a candidate, with the RL gain's 95 % interval. "
        f"RL gained most for {most['candidate']}: {most['gain']:+.3f}.",
        spec=spec,
    )


def _table(rows: Sequence[Mapping[str, Any]], start: float | None, metric: str) -> Table:
    cells = []
    for row in rows:
        gained = row["before"] - start if start is not None else None
        sft = Cell(text=signed(gained), value=gained)
        gain = {"value": row["gain"], "low": row["low"], "high": row["high"]}
        cells.append(Row(cells=(word(row["candidate"]), figure(row["before"]), sft, difference(gain))))
    return Table(
        name="gains",
        caption="SFT gain and RL gain (95 % intervals, paired by problem)",
        columns=columns("candidate", f"{metric} before RL", "SFT gain", "RL gain"),
        rows=tuple(cells),
        folded=True,
    )
