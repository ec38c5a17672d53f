"""The page: escaped, closed to scripts that are not its own, with all it needs inside."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.report.made_up_study import Shape, make_study
from harness import MissingError
from harness.report.beside import report_beside
from harness.report.document import build, marks
from harness.report.html import source_of, write_page
from harness.report.html.drawing import png, vega_script
from harness.report.html.embed import json_for_script
from harness.report.study import read_study
from harness.report.write import write_report

CSS = Path(write_page.__code__.co_filename).with_name("page.css")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\x00\u202e\"'&amp;javascript:alert(3)"


class Reader(HTMLParser):
    """Collects elements, their attributes, and the text of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script" and "type" not in self.elements[-1][1]:
            self.scripts.append(data)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    shape = Shape(
        study=HOSTILE,
        candidates=("base", HOSTILE, "c"),
        benchmarks=(f"b {HOSTILE}",),
        prompt=HOSTILE,
        recipe={"name": HOSTILE},
    )
    path = make_study(tmp_path_factory.mktemp("hostile"), shape, lambda *_: f"{HOSTILE} {'x' * 100_000}")
    (written,) = write_report(read_study(path), path.with_name("report.html"))
    return written.read_text(encoding="utf-8")


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_hostile_names_and_samples_make_no_elements(page: str) -> None:
    reader = read(page)
    assert len(reader.scripts) == 2
    assert not any(tag in ("img", "iframe", "object", "embed", "base", "form action") for tag, _ in reader.elements)
    assert not any(name.startswith("on") for _, attributes in reader.elements for name in attributes)
    links = [value for _, attributes in reader.elements for name, value in attributes.items() if name in ("href", "src")]
    assert links and all(link and link.startswith("#") for link in links)
    assert not set(page) & {"\x00", "\x1b", "\u202e"}


def test_policy_allows_the_page_s_own_scripts_only(page: str) -> None:
    reader = read(page)
    (policy,) = [a["content"] for tag, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy"]
    digests = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in reader.scripts}
    assert policy is not None
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == digests
    assert policy.startswith("default-src 'none'; script-src 'sha256-") and "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.partition("style-src")[0]


def test_ids_are_unique_and_what_is_referred_to_is_there(page: str) -> None:
    elements = read(page).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {a["aria-labelledby"] for _, a in elements if "aria-labelledby" in a}
    wanted |= {(a["href"] or "")[1:] for tag, a in elements if tag == "a"}
    wanted |= set(re.findall(r"url\(#([\w-]+)\)", page))
    assert wanted <= set(ids)


def test_long_texts_are_cut_and_samples_can_be_unpacked(page: str) -> None:
    packed = re.findall(r'<script type="text/plain" id="sample-data-\d+">([^<]*)</script>', page)
    rows = [row for block in packed for row in json.loads(gzip.decompress(base64.b64decode(block)))]
    assert len(rows) == 3 * 6 * 20
    assert all(len(text) < 4_200 and "characters left out" in text for text, _ in rows)
    (facts,) = re.findall(r'<script type="text/plain" id="sample-data">([^<]*)</script>', page)
    columns = json.loads(gzip.decompress(base64.b64decode(facts)))
    assert len(columns["correct"]) == len(rows) and columns["block"] * (len(packed) - 1) < len(rows)
    assert len(page) < 4_000_000


def test_every_chart_is_drawn_without_scripts_and_described(page: str) -> None:
    figures = re.findall(r"<figure .*?</figure>", page, re.DOTALL)
    assert len(figures) > 10
    for figure in figures:
        assert re.search(r"<(path|circle|line|rect|symbol)\b", figure)
        assert re.search(r'role="img" aria-label="Chart: [^"]{10,}"', figure)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_json_in_a_script_is_the_value_and_plain_ascii(value: Any) -> None:
    written = json_for_script(value)
    assert json.loads(written) == value
    assert written.isascii() and not set(written) & set("<>&")


def test_light_colours_are_those_of_the_style_sheet() -> None:
    root = CSS.read_text(encoding="utf-8").partition("@media")[0]
    found = dict(re.findall(r"(--[a-z0-9]+): (#[0-9a-f]{6})", root))
    assert {name: found[name] for name in marks.COLOURS} == marks.COLOURS


def test_picture_has_no_css_variables_and_is_png(tmp_path: Path) -> None:
    document = build(read_study(make_study(tmp_path)), with_samples=False)
    chart = next(b for s in document.sections for b in s.blocks if type(b).__name__ == "Chart")
    drawn = png(chart)
    assert drawn.startswith(b"\x89PNG\r\n") and len(drawn) > 10_000


def test_script_is_bundled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "posttrain-harness").mkdir()
    import vl_convert

    kept = tmp_path / f"posttrain-harness/vega-{vl_convert.get_vega_version()}-{vl_convert.__version__}.js"
    kept.write_text("kept")
    assert vega_script() == "kept"


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return make_study(tmp_path, Shape(candidates=("base", "a")))


def test_run_s_report_is_written_once_a_result(result: Path) -> None:
    asked = []

    def panels() -> list[Any]:
        asked.append(1)
        return []

    path = result.with_name("report.html")
    assert report_beside(result, panels) == report_beside(result, panels) == f"report  {path}"
    assert len(asked) == 1 and source_of(path)
    result.write_text(result.read_text().replace('"resamples"', '"resamples" '))
    result.write_text(result.read_text() + "\n")
    report_beside(result, panels)
    assert len(asked) == 2


def test_run_s_report_that_cannot_be_drawn_is_a_line(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    said = report_beside(result, list)
    assert said.endswith("run: pip install 'posttrain-harness[report]'") and said.startswith("report  none: ")
    assert not result.with_name("report.html").exists()
    with pytest.raises(MissingError, match="vl-convert-python"):
        write_report(read_study(result), result.with_name("report.html"))


def test_run_s_report_survives_a_fault_of_its_own(result: Path) -> None:
    def panels() -> list[Any]:
        raise ZeroDivisionError("oops")

    said = report_beside(result, panels)
    assert said.startswith("report  none: ZeroDivisionError: oops; the result is whole")


def test_page_that_cannot_be_finished_leaves_the_old_one(result: Path) -> None:
    path = result.with_name("report.html")
    path.write_text("old")
    document = build(read_study(result), with_samples=False)
    broken = type(document)(title="x", subtitle="", sections=(*document.sections, None))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        write_page(broken, path)
    assert path.read_text() == "old" and sorted(p.name for p in path.parent.iterdir() if "report" in p.name) == [
        "report.html"
    ]
