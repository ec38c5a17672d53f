"""The report as Markdown and CSV, and the command that writes all formats."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.report.made_up_study import Shape, make_study
from harness.cli.main import call
from harness.report.document import build
from harness.report.document.blocks import Cell, Column, Row, Table
from harness.report.markdown import escaped, markdown
from harness.report.sheets import sheet
from harness.report.study import read_study

HOSTILE = "=cmd|'/C calc'!A0 <script>alert(1)</script> [x](javascript:alert(2)) *a* `b` | c"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("made-up"), Shape(candidates=("base", HOSTILE, "c")))


def test_markdown_has_the_tables_and_hostile_names_as_text(result: Path) -> None:
    text = markdown(build(read_study(result), with_samples=False))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert "<script" not in html and "<a " not in html and "<code>" not in html
    assert html.count("<table>") == len(re.findall(r"^\|---", text, re.MULTILINE)) > 5
    (table,) = re.findall(r"<p>Candidates, best outcome.*?</table>", html, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    assert len(rows) == 4 and {row.count("<td") for row in rows[1:]} == {7}
    assert "javascript:alert(2)) *a* `b` | c" in table


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_escaped_text_is_the_text_again(text: str) -> None:
    html = MarkdownIt("commonmark", {"html": True}).renderInline(escaped(text))
    from html import unescape

    assert unescape(html) == text


def table(*rows: Row) -> Table:
    return Table(name="t", caption="", columns=(Column(heading="who", is_text=True), Column(heading="n")), rows=rows)


def test_sheet_has_full_precision_and_intervals_apart() -> None:
    rows = (
        Row(cells=(Cell(text="a", note="the pick"), Cell(text="0.333 [0.1, 0.5]", value=1 / 3, low=0.1, high=0.5))),
        Row(cells=(Cell(text="b, c"), Cell(text="-"))),
        Row(cells=(Cell(text="d"), Cell(text="1,000", value=1000.0))),
    )
    found = list(csv.reader(io.StringIO(sheet(table(*rows)))))
    assert found[0] == ["who", "n", "n low", "n high"]
    assert found[1:] == [["a", repr(1 / 3), "0.1", "0.5"], ["b, c", "", "", ""], ["d", "1000", "", ""]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-a", "@x", "\tx"])
def test_sheet_holds_no_formula(text: str) -> None:
    found = list(csv.reader(io.StringIO(sheet(table(Row(cells=(Cell(text=text), Cell(text="1", value=-1.0))))))))
    assert found[1] == [f"'{text}", "-1"]


def test_command_writes_each_format_beside_the_result(result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = result.parent
    for as_format, expected in (("html", "report.html"), ("md", "report.md"), ("csv", "tables/candidates.csv")):
        assert call(["report", str(folder), "--format", as_format]) == 0
        written = capsys.readouterr().out.splitlines()
        assert str(folder / expected) in written and all(Path(line).stat().st_size > 50 for line in written)


def test_command_writes_a_picture_a_chart(result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["report", str(result), "--format", "png", "--out", str(tmp_path / "figures")]) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert tmp_path / "figures/validity-against-rl-compute.png" in written and len(set(written)) == len(written)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


def test_command_names_the_nearest_study_and_a_place_it_cannot_write(
    result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["report", "made upp", "--store", str(result.parents[2])]) == 2
    assert "did you mean 'made up'?" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert call(["report", str(result), "--format", "md", "--out", str(tmp_path / "file/report.md")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_command_without_a_study_folder_writes_into_the_current_one(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "2026-11-22.json").write_bytes(result.read_bytes())
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert call(["report", "../2026-11-22.json", "--format", "md"]) == 0
    assert capsys.readouterr().out == "2026-11-22-report.md\n"
    assert Path("2026-11-22-report.md").is_file()
