"""Which k: how well pass@k foretold the outcome, by k."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import marks
from harness.report.document.blocks import Chart, Row, Section, Table, Text
from harness.report.document.cells import columns, figure, word
from harness.report.figures import bounds
from harness.report.shape import rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST_SWEEPS = 6


def sweep_section(result: Mapping[str, Any]) -> Section | None:
    """Return the sweep over k as chart and table."""
    sweeps = rows_of(result.get("k_sweep"))
    rows = list(_points(sweeps))
    ks = sorted({row["k"] for row in rows})
    if len(ks) < 2:
        return None
    intro = Text(
        text="A larger k looks at coverage rather than at the average sample, and costs k samples a problem at least. All "
        "of these come from one sampling run."
    )
    return Section(id="k", label="Which k", title="Which k?", blocks=(intro, _chart(rows, ks), _table(sweeps, ks)))


def _points(sweeps: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, sweep in enumerate(sweeps):
        for point in rows_of(sweep.get("points")):
            rho = bounds(point.get("spearman"))
            if rho.value is not None and isinstance(point.get("k"), int):
                yield {
                    "k": point["k"],
                    "after": f"after {text_of(sweep.get('step'))} RL steps",
                    "is_last": number == len(sweeps) - 1,
                    "rho": rho.value,
                    "low": rho.low,
                    "high": rho.high,
                }


def _chart(rows: Sequence[Mapping[str, Any]], ks: Sequence[int]) -> Chart:
    x = marks.number("k", "k of pass@k", type="log", base=2, values=list(ks), grid=False, format="d")
    y = marks.number("rho", "Spearman with the outcome", format=".1f")
    names = list(dict.fromkeys(row["after"] for row in rows))[-MOST_SWEEPS:]
    shade = marks.colour("after", names[::-1])
    tips = [marks.tip("after", "", digits=None), marks.tip("k", "k", digits=0), marks.tip("rho", "Spearman")]
    tips += [marks.tip("low", "from"), marks.tip("high", "to")]
    line = {"type": "line", "strokeWidth": 2.2, "point": {"filled": True, "size": 45}}
    spec = {
        "data": marks.data([row for row in rows if row["after"] in names]),
        "width": marks.WIDE,
        "height": 280,
        "layer": [
            marks.bands(x, y, shade=shade, where="datum.is_last && isValid(datum.low)"),
            {"mark": line, "encoding": {"x": x, "y": y, "color": shade, "tooltip": tips}},
        ],
    }
    last = [row for row in rows if row["is_last"]]
    best = max(last, key=lambda row: row["rho"])
    highest = f"where k = {best['k']} is highest with {best['rho']:.2f}"
    said = f"One line an amount of RL; shaded: the 95 % interval at the end of RL, {highest}."
    return Chart(name="k-sweep", title="Rank correlation of pass@k with the outcome, by k", description=said, spec=spec)


def _table(sweeps: Sequence[Mapping[str, Any]], ks: Sequence[int]) -> Table:
    rows = []
    for sweep in sweeps:
        found = {point.get("k"): point.get("spearman") for point in rows_of(sweep.get("points"))}
        rows.append(Row(cells=(word(text_of(sweep.get("step"))), *(figure(found.get(k)) for k in ks))))
    return Table(
        name="k-sweep",
        caption="Spearman of pass@k with the outcome (95 % intervals)",
        columns=columns("RL steps", *(f"k = {k}" for k in ks)),
        rows=tuple(rows),
        folded=True,
    )
