"""The leaderboard's site in a real Chromium: offline, from disk, with and without JavaScript, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.leaderboard.made_up import HALF, edit, put
from harness.leaderboard import leaderboard
from harness.leaderboard.site import write_site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PAGES = ("index.html", "results/miniature/2026-11-22.html", "studies/retu-qwen2.5-7b.html", "studies/quagmires.html")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\"'"
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("leaderboard") / "site"
    write_site(leaderboard(), folder)
    return folder


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_page_opens_offline_and_is_no_wider_than_the_screen(site: Path, visit: Open, name: str, width: int) -> None:
    page = visit(site / name, viewport={"width": width, "height": 900})
    assert page.locator("h1").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_violation(site: Path, visit: Open, axe: str, name: str, scheme: str) -> None:
    page = visit(site / name, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not grave, [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in grave]


def test_curves_have_a_line_and_a_name_for_every_proxy(site: Path, visit: Open) -> None:
    page = visit(site / "results/miniature/2026-11-22.html")
    drawing = page.locator("svg.curves").first
    assert drawing.locator(".curve").count() == drawing.locator("text.name").count() == 12
    assert drawing.locator(".curve circle").count() == 12 * 4
    boxes = [box for one in drawing.locator("text.name").all() if (box := one.bounding_box())]
    middles = sorted(box["y"] + box["height"] / 2 for box in boxes)
    assert all(below - above > 8 for above, below in pairwise(middles)), "no name covers another"


def test_heading_sorts_by_value_and_keeps_what_is_missing_last(site: Path, visit: Open) -> None:
    board = visit(site / "index.html").locator("#proxies ~ .scroll table").first
    cost = board.locator("thead th", has_text="cost")
    for way in ("descending", "ascending"):
        cost.locator("button").click()
        assert cost.get_attribute("aria-sort") == way
        cells = board.locator("tbody tr > :last-child").all_inner_texts()
        known = [cell for cell in cells if cell != "-"]
        assert cells[: len(known)] == known and len(known) < len(cells)
    assert known[0] == "none" and "M" in known[-1]


def test_sorting_works_by_keyboard(site: Path, visit: Open) -> None:
    page = visit(site / "index.html")
    button = page.locator("#strategies ~ section thead button").first
    button.focus()
    page.keyboard.press("Enter")
    names = page.locator("#strategies ~ section tbody th a:first-child").all_inner_texts()
    assert names == sorted(names, key=str.casefold) and len(names) >= 18


def test_row_can_be_linked_to(site: Path, visit: Open) -> None:
    page = visit(site / "index.html")
    address = page.locator("#strategies ~ section tbody a.mark").nth(5).get_attribute("href")
    assert address is not None
    page = visit(site / "index.html", fragment=address)
    row = page.locator(":target")
    assert row.evaluate("one => one.tagName") == "TR"
    assert 0 <= row.bounding_box()["y"] < 900  # type: ignore[index]


def test_proxy_leads_to_its_readings_which_open(site: Path, visit: Open) -> None:
    page = visit(site / "index.html", viewport={"width": 1280, "height": 900})
    page.locator("#proxies ~ .scroll tbody th a").first.click()
    page.locator("details[open] table").first.wait_for()
    assert page.locator("details[open] a", has_text="retu-qwen2.5-7b").is_visible()
    page.locator("details[open] a", has_text="retu-qwen2.5-7b").click()
    page.locator("h1", has_text="Re").wait_for()
    assert page.url.endswith("studies/retu-qwen2.5-7b.html")


def test_everything_but_sorting_is_there_without_javascript(site: Path, visit: Open) -> None:
    page = visit(site / "index.html", java_script_enabled=False)
    assert page.locator("thead button").count() == 0
    assert page.locator("svg.curves").is_visible()
    assert page.locator("#strategies ~ section tbody tr").count() >= 18
    assert page.locator("#proxies ~ .scroll tbody tr").first.is_visible()


def test_print_shows_whole_tables_without_buttons(site: Path, visit: Open) -> None:
    page = visit(site / "index.html")
    page.emulate_media(media="print")
    assert page.locator(".scroll").first.evaluate("one => getComputedStyle(one).overflowX") == "visible"
    assert not page.locator("header nav").is_visible()


def test_hostile_names_run_nothing(tmp_path: Path, visit: Open) -> None:
    right = {HOSTILE: [HALF["A"]], "other": [HALF["D"]]}
    path = put(tmp_path / "registry", "first", right, study=HOSTILE, readings={HOSTILE: dict.fromkeys(right, 1.0)})
    edit(path, warnings=[HOSTILE])
    write_site(leaderboard(tmp_path / "registry"), tmp_path / "site")
    for name in ("index.html", "results/made-up/first.html"):
        page = visit(tmp_path / "site" / name)
        assert page.locator("img").count() == 0
        assert page.locator("tbody th", has_text="<script>alert(1)</script>").count() >= 1
