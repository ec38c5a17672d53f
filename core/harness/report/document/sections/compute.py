"""Validity against RL compute: how well each proxy foretold the outcome after so much RL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import marks
from harness.report.document.blocks import Block, Chart, Row, Section, Table, Text
from harness.report.document.cells import columns, figure, word
from harness.report.document.selection import OTHERS, notable_proxies, strongest_first
from harness.report.figures import bounds, count
from harness.report.shape import list_of, mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def compute_section(result: Mapping[str, Any]) -> Section | None:
    """Return the chart and its table; with one amount of RL, a word on how to get more."""
    along = rows_of(result.get("along"))
    if not along:
        return None
    title = "Does the proxy still hold after more RL?"
    if len(along) == 1:
        say = (
            "The outcome was measured after one amount of RL only. With evaluate_at in the recipe's rl, it is measured "
            "on the way, and this section shows which proxies hold as RL goes on."
        )
        return Section(id="compute", label="RL compute", title=title, blocks=(Text(text=say),))
    metric = text_of(mapping_of(result.get("outcome_metric")).get("name"))
    intro = Text(
        text=f"Each proxy was measured once, before RL. The line shows its rank correlation with {metric} after so many "
        "steps of RL: a proxy whose line falls was true of the start, not of where RL leads."
    )
    blocks: list[Block] = [intro, _chart(result, along), *_changes(result), _table(along)]
    return Section(id="compute", label="RL compute", title=title, blocks=tuple(blocks))


def _chart(result: Mapping[str, Any], along: Sequence[Mapping[str, Any]]) -> Chart:
    notable = notable_proxies(result)
    rows = list(_points(along, notable))
    steps = sorted({row["step"] for row in rows})
    more: dict[str, Any] = {"values": steps} if len(steps) <= marks.TICK_VALUES else {}
    x = marks.number("step", "RL steps until the outcome", grid=False, **more)
    y = marks.number("rho", "Spearman with the outcome", format=".1f")
    others = [OTHERS] if any(row["group"] == OTHERS for row in rows) else []
    shade = marks.colour("group", [*notable, *others], [*marks.SERIES[: len(notable)], marks.GREY])
    tips = [marks.tip("proxy", "proxy", digits=None), marks.tip("step", "RL steps", digits=0)]
    tips += [
        marks.tip("rho", "Spearman"),
        marks.tip("low", "from"),
        marks.tip("high", "to"),
        marks.tip("note", "", digits=None),
    ]
    encoding = {"x": x, "y": y, "color": shade, "detail": {"field": "proxy"}}
    spec = {
        "data": marks.data(rows),
        "width": marks.WIDE,
        "height": 340,
        "layer": [
            marks.bands(x, y, shade=shade, where="datum.banded"),
            {"mark": {"type": "rule", "strokeDash": [2, 3]}, "encoding": {"y": {"datum": 0}}},
            _lines(encoding, "!datum.notable", {"strokeWidth": 1, "opacity": 0.55}),
            _lines(encoding, "datum.notable", {"strokeWidth": 2.5}),
            _dots({**encoding, "tooltip": tips}, "datum.notable", {"size": 60, "opacity": 1}),
            _dots({**encoding, "tooltip": tips}, "!datum.notable", {"size": 22, "opacity": 0.7}),
        ],
    }
    ends = ", ".join(_ends(along, name) for name in notable)
    return Chart(
        name="validity-against-rl-compute",
        title="Rank correlation of each proxy with the outcome, by RL steps",
        description=f"From the first to the last amount of RL: {ends}. Shaded: 95 % intervals of the first two proxies.",
        spec=spec,
    )


def _lines(encoding: Mapping[str, Any], where: str, style: Mapping[str, Any]) -> dict[str, Any]:
    return {"transform": [{"filter": where}], "mark": {"type": "line", **style}, "encoding": encoding}


def _dots(encoding: Mapping[str, Any], where: str, style: Mapping[str, Any]) -> dict[str, Any]:
    return {"transform": [{"filter": where}], "mark": {"type": "point", "filled": True, **style}, "encoding": encoding}


def _points(along: Sequence[Mapping[str, Any]], notable: Sequence[str]) -> Iterator[dict[str, Any]]:
    for point in along:
        for proxy in rows_of(point.get("proxies")):
            rho, name = bounds(proxy.get("spearman")), str(proxy.get("name"))
            if rho.value is None or proxy.get("trivial"):
                continue
            yield {
                "proxy": name,
                "group": name if name in notable else OTHERS,
                "notable": name in notable,
                "banded": name in notable[:2] and rho.low is not None,
                "step": point.get("step"),
                "rho": rho.value,
                "low": rho.low,
                "high": rho.high,
                "note": "has looked into this RL" if proxy.get("circular") else "",
            }


def _ends(along: Sequence[Mapping[str, Any]], name: str) -> str:
    found = [
        bounds(p.get("spearman")).value for point in along for p in rows_of(point.get("proxies")) if p.get("name") == name
    ]
    known = [value for value in found if value is not None]
    return f"{name} {known[0]:.2f} to {known[-1]:.2f}" if known else f"{name} undefined"


def _changes(result: Mapping[str, Any]) -> Iterator[Text]:
    """Say which proxies' validity changed along RL beyond what chance gives."""
    moved, still = [], 0
    for row in rows_of(result.get("proxies")):
        change = bounds(row.get("change_along_rl"))
        if change.value is None or change.low is None or change.high is None or row.get("trivial"):
            continue
        if change.low <= 0.0 <= change.high:
            still += 1
        else:
            moved.append(f"{text_of(row.get('name'))} {change.value:+.2f} [{change.low:+.2f}, {change.high:+.2f}]")
    if moved or still:
        clear = (
            f"Changed from the first to the last amount: {'; '.join(moved)}." if moved else "No clear change for any proxy."
        )
        yield Text(text=f"{clear} {still} of {len(moved) + still} intervals of the change hold zero." if still else clear)


def _table(along: Sequence[Mapping[str, Any]]) -> Table:
    last = rows_of(along[-1].get("proxies"))
    rows = []
    for proxy in strongest_first(last):
        name = proxy.get("name")
        found = [next((p for p in rows_of(a.get("proxies")) if p.get("name") == name), {}) for a in along]
        cells = [figure(p.get("spearman")) for p in found]
        rows.append(Row(cells=(word(name), *cells), emphasis="faint" if proxy.get("trivial") else "plain"))
    heads = [f"step {text_of(point.get('step'))}{_tokens(point)}" for point in along]
    return Table(
        name="validity-along-rl",
        caption="Spearman with the outcome after so many RL steps (95 % intervals)",
        columns=columns("proxy", *heads),
        rows=tuple(rows),
        folded=len(rows) > 0 and bool(list_of(along)),
    )


def _tokens(point: Mapping[str, Any]) -> str:
    tokens = point.get("rl_tokens")
    return f", {count(tokens)} tokens" if tokens is not None else ""
