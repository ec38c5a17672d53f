"""The candidates: what each was trained on, where it stood before RL and where RL took it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import marks
from harness.report.document.blocks import Block, Cell, Chart, Row, Section, Table
from harness.report.document.cells import columns, difference, figure, plain, whole, word
from harness.report.document.selection import candidates_of, group_of, groups_in
from harness.report.figures import bounds, largest_pass_at
from harness.report.shape import list_of, mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def candidates_section(result: Mapping[str, Any]) -> Section | None:
    """Return the table of candidates, a chart of where RL took them, and all readings of all proxies."""
    candidates = candidates_of(result)
    if not candidates:
        return None
    has_rl = any(bounds(one.get("outcome")).value is not None for one in candidates)
    chart = [_chart(candidates, result)] if has_rl else []
    blocks: list[Block] = [_table(candidates, result, has_rl=has_rl), *chart, _readings(candidates)]
    return Section(id="candidates", title="Candidates", blocks=tuple(blocks))


def _table(candidates: Sequence[Mapping[str, Any]], result: Mapping[str, Any], *, has_rl: bool) -> Table:
    metric = text_of(mapping_of(result.get("outcome_metric")).get("name") or "pass@1")
    widest = largest_pass_at(candidates)
    heads = ["candidate", "curation", "SFT tokens", "pass@1 before RL", *([f"{widest} before RL"] if widest else [])]
    heads += [f"{metric} after RL", "RL gain"] if has_rl else []
    rows = []
    for one in candidates:
        group, pre = group_of(one, result), mapping_of(one.get("pre"))
        note = group if group.startswith(("the pick", "best")) else ""
        cells = [Cell(text=text_of(one.get("name")), note=note), word(_curation(one)), whole(one.get("train_tokens"))]
        cells += [figure(pre.get("pass@1")), *([figure(pre.get(widest))] if widest else [])]
        cells += [figure(one.get("outcome")), difference(one.get("gain"))] if has_rl else []
        rows.append(Row(cells=tuple(cells), emphasis="strong" if group.startswith("the pick") else "plain"))
    seeds = len(list_of(result.get("seeds")))
    order = "best outcome first" if has_rl else f"highest {widest or 'pass@1'} first"
    return Table(
        name="candidates",
        caption=f"Candidates, {order} (95 % intervals over problems; {seeds} {'seed' if seeds == 1 else 'seeds'})",
        columns=columns(*heads, left=2),
        rows=tuple(rows),
    )


def _curation(candidate: Mapping[str, Any]) -> str:
    """Say in a line what data a candidate was trained on."""
    if candidate.get("kind") == "base":
        return "no SFT"
    if candidate.get("kind") == "checkpoint":
        return "a given checkpoint"
    steps = [" ".join([text_of(step.get("use")), *_main_settings(step)]) for step in rows_of(candidate.get("curation"))]
    return ", ".join(steps) or "all data"


def _main_settings(step: Mapping[str, Any]) -> Iterator[str]:
    """Yield the settings that tell curations apart: numbers and short words, as written."""
    for name, value in step.items():
        is_short = isinstance(value, int | float | str) and not isinstance(value, bool) and len(str(value)) <= 20
        if name not in ("use", "choose", "seed") and is_short:
            yield text_of(value)


def _chart(candidates: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> Chart:
    metric = text_of(mapping_of(result.get("outcome_metric")).get("name"))
    rows, groups = list(_moves(candidates, result, metric)), groups_in(candidates, result)
    order = [str(one.get("name")) for one in candidates]
    y = marks.name("candidate", sort=order, labelLimit=190)
    x = marks.number("after", metric, format=".2f")
    shade = marks.colour("group", *groups)
    tips = [
        marks.tip("candidate", "candidate", digits=None),
        marks.tip("before", "before RL"),
        marks.tip("after", "after RL"),
    ]
    tips += [marks.tip("low", "from"), marks.tip("high", "to")]
    spec = {
        "data": marks.data(rows),
        "width": marks.WIDE - 180,
        "height": 22 * len(rows),
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 5, "opacity": 0.2},
                "encoding": {"x": {**x, "field": "before"}, "x2": {"field": "after"}, "y": y, "color": shade},
            },
            marks.whiskers("x", y, {**x, "field": "low"}, low="low", high="high"),
            {
                "mark": {"type": "point", "size": 55, "strokeWidth": 1.8},
                "encoding": {"x": {**x, "field": "before"}, "y": y, "color": shade, "tooltip": tips},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 85, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": shade, "tooltip": tips},
            },
        ],
    }
    return Chart(
        name="candidates",
        title=f"Where RL took each candidate, {metric}",
        description="One row a candidate, as in the table above: a ring before RL, a dot with its 95 % interval after it.",
        spec=spec,
    )


def _moves(candidates: Sequence[Mapping[str, Any]], result: Mapping[str, Any], metric: str) -> Iterator[dict[str, Any]]:
    for one in candidates:
        after, before = bounds(one.get("outcome")), bounds(mapping_of(one.get("pre")).get(metric)).value
        if after.value is not None and before is not None:
            yield {
                "candidate": one.get("name"),
                "group": group_of(one, result),
                "before": before,
                "after": after.value,
                "low": after.low if after.low is not None else after.value,
                "high": after.high if after.high is not None else after.value,
            }


def _readings(candidates: Sequence[Mapping[str, Any]]) -> Table:
    names = list(dict.fromkeys(name for one in candidates for name in mapping_of(one.get("proxies"))))
    rows = []
    for name in names:
        cells = [plain(mapping_of(one.get("proxies")).get(name)) for one in candidates]
        rows.append(Row(cells=(word(name), *cells)))
    return Table(
        name="readings",
        caption="Every proxy's reading of every candidate, before RL",
        columns=columns("proxy", *(text_of(one.get("name")) for one in candidates)),
        rows=tuple(rows),
        folded=True,
    )
