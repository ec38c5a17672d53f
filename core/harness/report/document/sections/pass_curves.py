"""pass@k over k, before and after RL: does RL sharpen what was there, or reach further?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import marks
from harness.report.document.blocks import Block, Chart, Grid, Row, Section, Table, Text
from harness.report.document.cells import columns, figure, word
from harness.report.document.selection import candidates_of
from harness.report.figures import bounds
from harness.report.shape import mapping_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PHASES = {"pre": "before RL", "post": "after RL"}
SHOWN = 6


def pass_curves_section(result: Mapping[str, Any]) -> Section | None:
    """Return one small chart a candidate, best outcome first, and the numbers."""
    candidates = candidates_of(result)
    points = {str(one.get("name")): list(_points(one)) for one in candidates}
    ks = sorted({point["k"] for found in points.values() for point in found})
    if len(ks) < 2:
        return None
    top = max(point["high"] for found in points.values() for point in found)
    charts = [_chart(name, found, ks, top) for name, found in points.items() if found]
    intro = Text(
        text="pass@k: the share of problems of which at least one of k samples is right (the unbiased estimate). Where the "
        "curve after RL crosses the one before it, RL found the right answer sooner but for fewer problems."
    )
    grids = [Grid(charts=tuple(charts[:SHOWN]))]
    if charts[SHOWN:]:
        grids.append(Grid(charts=tuple(charts[SHOWN:]), folded=f"The other {len(charts) - SHOWN} candidates"))
    blocks: tuple[Block, ...] = (intro, *grids, _table(candidates, ks))
    return Section(id="pass-at-k", label="pass@k", title="pass@k before and after RL", blocks=blocks)


def _points(candidate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for phase, said in PHASES.items():
        for label, value in mapping_of(candidate.get(phase)).items():
            found, k = bounds(value), label.removeprefix("pass@")
            if found.value is not None and k.isdigit():
                low, high = (end if end is not None else found.value for end in (found.low, found.high))
                yield {"k": int(k), "phase": said, "value": found.value, "low": low, "high": high}


def _chart(name: str, points: Sequence[Mapping[str, Any]], ks: Sequence[int], top: float) -> Chart:
    x = marks.number("k", "k", type="log", base=2, values=list(ks), grid=False, format="d")
    y = marks.number("value", "pass@k", zero=True, domain=[0, min(1.0, round(top + 0.05, 1))], tickCount=4)
    phases = [said for said in PHASES.values() if any(p["phase"] == said for p in points)]
    shade = marks.colour("phase", phases, [marks.SOFT, marks.SERIES[0]])
    tips = [marks.tip("phase", "", digits=None), marks.tip("k", "k", digits=0), marks.tip("value", "pass@k")]
    tips += [marks.tip("low", "from"), marks.tip("high", "to")]
    line = {"type": "line", "strokeWidth": 2, "point": {"filled": True, "size": 28}}
    spec = {
        "data": marks.data(points),
        "width": marks.SMALL,
        "height": 170,
        "layer": [
            marks.bands(x, y, shade=shade),
            {"mark": line, "encoding": {"x": x, "y": y, "color": shade, "tooltip": tips}},
        ],
    }
    last = {p["phase"]: p for p in points}
    said = "; ".join(f"{phase} {p['value']:.2f} at k = {p['k']}" for phase, p in last.items())
    return Chart(name=f"pass-at-k-{name}", title=name, description=said, spec=spec)


def _table(candidates: Sequence[Mapping[str, Any]], ks: Sequence[int]) -> Table:
    rows = []
    for one in candidates:
        for phase, said in PHASES.items():
            found = mapping_of(one.get(phase))
            if found:
                cells = (figure(found.get(f"pass@{k}")) for k in ks)
                rows.append(Row(cells=(word(text_of(one.get("name"))), word(said), *cells)))
    return Table(
        name="pass-at-k",
        caption="pass@k of every candidate (95 % intervals over problems)",
        columns=columns("candidate", "when", *(f"k = {k}" for k in ks), left=2),
        rows=tuple(rows),
        folded=True,
    )
