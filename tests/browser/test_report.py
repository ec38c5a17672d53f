"""The report's page in a real Chromium: from disk and offline, with every chart, the sample browser, and hostile text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.report.made_up_study import Shape, make_study
from harness.report.study import read_study
from harness.report.write import write_report
from harness.shipped import shipped

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

HOSTILE = "</script><script>window.ran=1;alert(1)</script><img src=x onerror=window.ran=2>\x1b[31m\x00\u202e\"'&amp;"
MARKS = "path[d]:not([d='']), circle, line, rect, text"
Open = Callable[..., "Page"]


def written(folder: Path, result: Path) -> Path:
    (path,) = write_report(read_study(result), folder / "report.html")
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a study with 2,400 samples."""
    folder = tmp_path_factory.mktemp("report")
    return written(folder, make_study(folder, Shape(problems=12)))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    names = ("base", HOSTILE, "javascript:window.ran=3", "x" * 3000)
    shape = Shape(
        study=HOSTILE, candidates=names, benchmarks=(f"b {HOSTILE}", "easy"), prompt=HOSTILE, recipe={"name": HOSTILE}
    )
    return written(folder, make_study(folder, shape, lambda c, i, right: HOSTILE + ("x" * 1_000_000 if i == 0 else "")))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the registry's first result, which has neither samples nor later parts."""
    return written(tmp_path_factory.mktemp("published"), shipped("registry", "results/miniature/2026-11-22.json"))


def until(page: Page, condition: str) -> None:
    """Wait for a condition in the page; Playwright's own wait would need eval, which the page's policy refuses."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {condition}")


def draw_all(page: Page) -> None:
    """Open what is folded, and bring every chart into view."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for figure in page.locator("figure.chart").all():
        figure.scroll_into_view_if_needed()
    until(page, "[...document.querySelectorAll('figure.chart')].every((one) => one.dataset.live)")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["report", "hostile", "published"])
def test_every_chart_comes_alive_with_marks_and_fits(
    request: pytest.FixtureRequest, visit: Open, name: str, width: int
) -> None:
    page = visit(request.getfixturevalue(name), viewport={"width": width, "height": 900})
    drawn = page.locator("figure.chart").evaluate_all(f'all => all.map(f => f.querySelectorAll("{MARKS}").length)')
    assert len(drawn) > 12 and min(drawn) > 5, "each is drawn before any script runs"
    draw_all(page)
    assert page.locator("figure.chart").evaluate_all("all => all.filter(f => f.dataset.live !== '1').length") == 0
    alive = page.locator("figure.chart").evaluate_all(f'all => all.map(f => f.querySelectorAll("{MARKS}").length)')
    assert min(alive) > 5
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_page_is_painted_within_two_seconds(report: Path, visit: Open) -> None:
    page = visit(report)
    until(page, "performance.getEntriesByName('first-contentful-paint').length")
    assert page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") < 2000


def test_chart_tells_a_point_s_figures(report: Path, visit: Open) -> None:
    page = visit(report)
    draw_all(page)
    chart = page.locator("figure.chart", has_text="What SFT gained and what RL gained on top")
    chart.locator(".mark-symbol.role-mark path").last.hover()
    tip = page.locator("#vg-tooltip-element.visible")
    assert "RL gain" in tip.inner_text() and "candidate" in tip.inner_text()


def samples_of(page: Page) -> int:
    """Wait for the list to settle and return how many samples the filters leave."""
    until(page, "document.querySelector('.pager .count').textContent !== ''")
    said = page.locator(".pager .count").first.inner_text()
    return int(said.rpartition(" of ")[2].replace(",", "")) if " of " in said else 0


def choose(page: Page, **choices: str) -> int:
    for name, label in choices.items():
        page.evaluate("for (const one of document.querySelectorAll('.pager .count')) one.textContent = ''")
        page.locator(f"select[name={name}]").select_option(label=label)
        found = samples_of(page)
    return found


def test_samples_are_filtered_and_paged(report: Path, visit: Open) -> None:
    page = visit(report)
    page.locator("#samples").scroll_into_view_if_needed()
    assert samples_of(page) == 5 * 2 * 12 * 20
    assert page.locator("#sample-list > li").count() == 20
    first = page.locator("#sample-list > li").first.inner_text()
    page.get_by_role("button", name="Next").first.click()
    until(page, "document.querySelector('.pager .count').textContent.startsWith('21 to 40')")
    assert page.locator("#sample-list > li").first.inner_text() != first
    assert choose(page, candidate="many") == 2 * 12 * 20
    assert choose(page, phase="after RL") == 2 * 12 * 8
    assert choose(page, benchmark="hard") == 12 * 8
    right, wrong = choose(page, correct="right"), choose(page, correct="wrong")
    assert right + wrong == 96 and right > 0 < wrong
    assert page.locator("#sample-list h3").first.inner_text().startswith("✗ wrong · many · after RL · hard · hard-")
    assert choose(page, problem="hard-3") < wrong
    for item in page.locator("#sample-list > li").all():
        assert "says 3" in item.locator("pre").last.inner_text()
        assert "Answer 3 · expected 2" in item.inner_text()
    page.evaluate("for (const one of document.querySelectorAll('.pager .count')) one.textContent = ''")
    page.get_by_role("button", name="Show all").click()
    assert samples_of(page) == 2400


def test_samples_can_be_paged_by_keyboard(report: Path, visit: Open) -> None:
    page = visit(report)
    page.locator("#samples").scroll_into_view_if_needed()
    samples_of(page)
    page.get_by_role("button", name="Next").first.focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.pager .count').textContent.startsWith('21 to 40')")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.textContent") == "Previous"


def test_hostile_text_is_shown_and_runs_nothing(hostile: Path, visit: Open) -> None:
    page = visit(hostile)
    draw_all(page)
    page.locator("#samples").scroll_into_view_if_needed()
    samples_of(page)
    assert page.evaluate("window.ran") is None
    assert page.locator("img, iframe, main script:not([type])").count() == 0
    item = page.locator("#sample-list > li").first
    assert "</script><script>window.ran=1;alert(1)</script>" in item.locator("pre").last.inner_text()
    assert "characters left out" in item.inner_text()
    assert "\\u202e" in page.locator("h1").inner_text() and "\\x1b[31m" in page.locator("h1").inner_text()
    assert page.locator("a").evaluate_all("all => all.every(a => a.getAttribute('href').startsWith('#'))")
    for x, y in ((200, 200), (400, 300)):
        page.mouse.move(x, y)
    assert page.evaluate("window.ran") is None


def test_injected_script_is_refused_by_the_policy(report: Path, chromium: Browser) -> None:
    context = chromium.new_context(offline=True)
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(report.as_uri())
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">')")
    page.evaluate("{const s = document.createElement('script'); s.textContent = 'window.ran=2'; document.body.append(s)}")
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in refused)
    context.close()


def test_essentials_are_there_without_javascript(report: Path, visit: Open) -> None:
    page = visit(report, java_script_enabled=False)
    assert page.locator("p.lead").inner_text().startswith("Take '")
    assert page.locator("table").count() > 5
    assert page.locator("figure.chart svg").count() > 12
    assert page.locator("#samples-off").is_visible() and not page.locator(".browser").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_scheme_and_print_is_light(report: Path, visit: Open, scheme: str) -> None:
    page = visit(report, color_scheme=scheme)

    def colours() -> list[str]:
        return page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")

    light = ["rgb(255, 255, 255)", "rgb(28, 33, 40)"]
    assert (colours() == light) is (scheme == "light")
    page.emulate_media(media="print")
    assert colours() == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    assert not page.locator("#samples").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_violation(report: Path, visit: Open, axe: str, scheme: str) -> None:
    page = visit(report, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    draw_all(page)
    page.locator("#samples").scroll_into_view_if_needed()
    samples_of(page)
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not grave, [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in grave]
