"""The page of a published study: its rows as printed, their source, and what is to be borne in mind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.leaderboard.site import addresses
from harness.leaderboard.site.markup import Html, join, link, tag, text
from harness.leaderboard.site.shell import facts, page, plain_list, section, title_of
from harness.leaderboard.site.table import Cell, Column, Row, table
from harness.report.figures import NOTHING

if TYPE_CHECKING:
    from harness.studies import Study

UP = addresses.UP["studies"]
CONFIDENCE = {"A": "A, the source's own text", "B": "B, exact in a secondary source", "C": "C, read off a figure"}


def study_page(study: Study) -> Html:
    """Return the page."""
    source = study.source
    return page(
        title_of(study.name, "published study"),
        tag("h1", text(study.title)),
        facts(
            ("study", text(study.name)),
            (
                "source",
                join(link(source.url, text(source.id)) if source.url else text(source.id), ", ", text(source.where, 400)),
            ),
            ("how read", text(source.how_read, 400)),
            ("confidence", CONFIDENCE[source.confidence]),
            ("licence", text(source.licence)),
            ("what varied", text(study.varied)),
            ("RL", text(study.rl, 600)),
            ("runs a start", "not stated" if study.seeds is None else str(study.seeds)),
            ("a family is", text(study.family_is, 400)),
            ("scored on", text(study.primary_evaluation)),
            ("counts under", text(study.same_models_as) if study.same_models_as else None),
            ("file", link(f"{study.name}.json", f"{study.name}.json")),
        ),
        section("caveats", "Caveats", plain_list([text(one, 2000) for one in study.caveats])) if study.caveats else None,
        section("starts", "Starts", _rows(study)) if study.rows else None,
        section("reported", "Correlations the source prints", _reported(study)) if study.reported else None,
        home=f"{UP}index.html",
    )


def _rows(study: Study) -> Html:
    named = list(study.columns.values())
    columns = (
        Column(name="start", is_text=True),
        Column(name="family", is_text=True),
        Column(name="evaluation", is_text=True),
        *(Column(name=str(one.name[:60]), hint=f"{one.role}: {one.what[:300]}") for one in named),
        Column(name="left out", is_text=True, is_long=True, sorts=False),
    )
    rows = [
        Row(
            classes=("elsewhere",) if row.excluded else (),
            cells=[
                Cell(shown=text(row.label), by=row.label[:80]),
                Cell(shown=text(row.family), by=row.family[:80]),
                Cell(shown=text(row.evaluation or NOTHING), by=row.evaluation[:80]),
                *(
                    Cell(
                        shown=f"{row.values[one.name]:g}" if one.name in row.values else NOTHING, by=row.values.get(one.name)
                    )
                    for one in named
                ),
                Cell(shown=text(row.excluded or "", 400)),
            ],
        )
        for row in study.rows
    ]
    units = "; ".join(f"{one.name}: {one.role}, {one.what}{f' ({one.unit})' if one.unit else ''}" for one in named)
    return table(text(f"Figures as printed. {units}", 2000), columns, rows, label="Starts")


def _reported(study: Study) -> Html:
    columns = tuple(
        Column(name=name, is_text=name in ("proxy", "statistic", "group", "note"))
        for name in ("proxy", "statistic", "k", "value", "sd", "n", "group", "note")
    )
    rows = [
        Row(
            cells=[
                Cell(shown=text(one.proxy), by=one.proxy[:80]),
                Cell(shown=one.statistic, by=one.statistic),
                *(
                    Cell(shown=NOTHING if value is None else f"{value:g}", by=value)
                    for value in (one.k, one.value, one.sd, one.n)
                ),
                Cell(shown=text(one.group), by=one.group[:80]),
                Cell(shown=text(one.note, 400), by=one.note[:80]),
            ]
        )
        for one in study.reported
    ]
    return table(
        "As printed, sign included; single results are not published.", columns, rows, label="Reported correlations"
    )
