"""The report's sections: what stands in a result is shown, and what does not is left out."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.report.made_up_study import make_study
from core.report.test_terminal import RESULT
from harness import Panel
from harness.report.document import Document, build
from harness.report.document.blocks import Chart, Grid, Markup, Table, Text
from harness.report.document.sections.scatter import fit
from harness.report.document.selection import notable_proxies
from harness.report.study import Study, read_study
from harness.shipped import shipped


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return read_study(make_study(tmp_path_factory.mktemp("made-up")))


def of(result: dict[str, Any]) -> Study:
    return Study(path=Path("result.json"), result=result, recipe=None, artifacts=None)


def charts(document: Document) -> Iterator[Chart]:
    for section in document.sections:
        for block in section.blocks:
            yield from [block] if isinstance(block, Chart) else block.charts if isinstance(block, Grid) else []


def table(document: Document, name: str) -> Table:
    (found,) = [b for s in document.sections for b in s.blocks if isinstance(b, Table) and b.name == name]
    return found


def test_study_with_a_store_has_every_section_and_unique_names(study: Study) -> None:
    document = build(study)
    ids = [section.id for section in document.sections]
    assert ids == [
        *("verdict", "compute", "candidates", "validity", "scatter", "pass-at-k", "gains", "training", "k", "agreement"),
        *("prediction", "benchmarks", "cost", "samples", "origin"),
    ]
    names = [chart.name for chart in charts(document)]
    assert len(names) == len(set(names)) and {"sft-loss", "rl-reward", "outcome-along-rl"} <= set(names)


def test_first_registry_result_lacks_later_parts_and_is_shown_without_them() -> None:
    path = shipped("registry", "results/miniature/2026-11-22.json")
    document = build(read_study(path))
    ids = {section.id for section in document.sections}
    assert {"verdict", "compute", "candidates", "validity", "scatter", "pass-at-k", "gains"} <= ids
    assert not {"k", "agreement", "prediction", "samples"} & ids


def test_figures_in_tables_are_those_of_the_result(study: Study) -> None:
    document = build(study, with_samples=False)
    by_name = {one["name"]: one for one in study.result["candidates"]}
    rows = table(document, "candidates").rows
    assert [row.cells[0].text for row in rows] == sorted(by_name, key=lambda n: -by_name[n]["outcome"]["value"])
    for row in rows:
        outcome = by_name[row.cells[0].text]["outcome"]
        assert (row.cells[-2].value, row.cells[-2].low, row.cells[-2].high) == (
            outcome["value"],
            outcome["low"],
            outcome["high"],
        )
    judged = {row["name"]: row for row in study.result["proxies"]}
    for row in table(document, "proxies").rows:
        assert row.cells[2].value == judged[row.cells[0].text]["spearman"]["value"]
        assert row.emphasis == (
            "faint" if judged[row.cells[0].text]["trivial"] else "strong" if row.cells[0].text == "pass@1" else "plain"
        )


def test_flagship_chart_has_a_point_a_proxy_and_amount_of_rl(study: Study) -> None:
    (chart,) = [c for c in charts(build(study, with_samples=False)) if c.name == "validity-against-rl-compute"]
    rows = chart.spec["data"]["values"]
    wanted = {
        (proxy["name"], point["step"]): proxy["spearman"]["value"]
        for point in study.result["along"]
        for proxy in point["proxies"]
        if not proxy["trivial"] and proxy["spearman"]["value"] is not None
    }
    assert {(row["proxy"], row["step"]): row["rho"] for row in rows} == wanted and len(rows) == len(wanted)


def test_one_amount_of_rl_says_how_to_get_more(study: Study) -> None:
    result = copy.deepcopy(dict(study.result))
    result["along"] = result["along"][-1:]
    (section,) = [s for s in build(of(result)).sections if s.id == "compute"]
    (text,) = section.blocks
    assert isinstance(text, Text) and "evaluate_at" in text.text


def test_result_without_rl_is_shown(study: Study) -> None:
    result = copy.deepcopy(dict(study.result))
    result |= {"proxies": [], "along": [], "rl_gain": None, "noise_ceiling": None, "k_sweep": [], "pareto": None}
    for one in result["candidates"]:
        one |= {"post": None, "outcome": None, "gain": None, "along": []}
        for found in one["per_benchmark"].values():
            found["post"] = None
    ids = [section.id for section in build(of(result)).sections]
    assert "candidates" in ids and "pass-at-k" in ids and "gains" not in ids and "validity" not in ids


PARTS = sorted(RESULT)


@given(st.sets(st.sampled_from(PARTS)), st.sampled_from([None, [], {}, 0, "text", [None], {"value": None}]))
def test_odd_parts_of_a_result_never_break_a_report(parts: set[str], oddity: Any) -> None:
    document = build(of({**RESULT, **dict.fromkeys(parts, oddity)}))
    json.dumps([chart.spec for chart in charts(document)], allow_nan=False)


def test_rows_of_a_table_have_as_many_cells_as_columns(study: Study) -> None:
    for result in (study, of(RESULT)):
        for section in build(result).sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    assert {len(row.cells) for row in block.rows} <= {len(block.columns)}


def test_fit_has_the_band_of_the_normal_equations() -> None:
    from scipy.stats import t

    rng = np.random.default_rng(3)
    x, y = rng.normal(size=9), rng.normal(size=9)
    design = np.stack([np.ones(9), x], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ y
    s2 = float(np.sum((y - design @ beta) ** 2) / 7)
    for point in fit(x, y):
        at = np.array([1.0, point["x"]])
        half = t.ppf(0.975, 7) * np.sqrt(s2 * at @ inverse @ at)
        assert point["y"] == pytest.approx(at @ beta)
        assert (point["low"], point["high"]) == (pytest.approx(at @ beta - half), pytest.approx(at @ beta + half))


@pytest.mark.parametrize("x", [[1.0, 2.0], [3.0, 3.0, 3.0, 3.0]])
def test_fit_is_left_out_where_no_line_can_be_had(x: list[float]) -> None:
    assert list(fit(np.array(x), np.arange(len(x), dtype=float))) == []


def test_notable_proxies_are_the_named_then_the_changed_then_the_strongest_that_differ() -> None:
    def row(name: str, rho: float, **more: Any) -> dict[str, Any]:
        return {"name": name, "spearman": {"value": rho}, "kendall": {"value": rho}, **more}

    rows = [row("a", 0.5), row("twin", 0.9), row("b", 0.9), row("random", 1.0, trivial=True), row("probe", 1.0, reads_rl=3)]
    moved = row("fell", 0.1, change_along_rl={"value": -0.4, "low": -0.6, "high": -0.2})
    still = row("still", 0.2, change_along_rl={"value": -0.4, "low": -0.9, "high": 0.1})
    result = {"proxies": [*rows, row("base", 0.5), moved, still], "primary_proxy": "a", "baseline_proxy": "base"}
    assert notable_proxies(result) == ["a", "base", "fell", "twin", "still"]


def test_panel_of_a_plugin_is_a_section_and_a_broken_one_says_so(study: Study) -> None:
    def broken() -> Any:
        raise RuntimeError("no \x1b[31mred")

    panels = [
        Panel(name="mine", title="My <panel>", load=lambda: lambda result: f"<b>{len(result['candidates'])}</b>"),
        Panel(name="broken", title="Broken", load=broken),
    ]
    mine, other = build(replace(study, artifacts=None), panels).sections[-3:-1]
    assert (mine.title, mine.blocks) == ("My <panel>", (Markup(html="<b>5</b>"),))
    (text,) = other.blocks
    assert isinstance(text, Text) and text.text == "This panel failed: RuntimeError: no \\x1b[31mred"
