"""The static site without a browser: links that lead somewhere, names that stay text, folders that are not ours."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.leaderboard.made_up import HALF, edit, put
from harness import UserError
from harness.leaderboard import leaderboard
from harness.leaderboard.site import write_site
from harness.leaderboard.site.markup import anchor, lines, link, tag, text

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'\u202e\x1b[31m\u2028`${1}"


@dataclass
class Page(HTMLParser):
    """Ids, links and elements of a page."""

    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        for name, value in attrs:
            self.attributes.append(name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src"):
                self.links.append(value or "")


def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("leaderboard") / "site"
    write_site(leaderboard(), folder)
    return folder


def test_every_link_leads_to_a_file_or_an_id_in_the_site(site: Path) -> None:
    pages = {path: read(path) for path in site.rglob("*.html")}
    assert len(pages) > 30
    checked = 0
    for path, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), path
        for href in page.links:
            parts = urlsplit(href)
            if parts.scheme:
                assert parts.scheme in ("http", "https") and path.parent.name == "studies", "only sources lie outside"
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file() and target.is_relative_to(site.resolve()), href
            if parts.fragment:
                assert unquote(parts.fragment) in pages[target].ids, f"{path.name}: {href}"
            checked += 1
    assert checked > 300


def test_every_candidate_leads_to_its_counts_and_recipe(site: Path) -> None:
    index = read(site / "index.html")
    for ending in (".json", ".counts.parquet", ".recipe.json"):
        assert f"results/miniature/2026-11-22{ending}" in index.links
    assert any(href.startswith("results/miniature/2026-11-22.html#counts-c-1024-x-1-") for href in index.links)
    recipe = json.loads((site / "results/miniature/2026-11-22.recipe.json").read_text(encoding="utf-8"))
    assert recipe["name"] == "miniature"


def test_pages_fetch_nothing(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = read(path)
        assert not {"img", "iframe", "link", "object", "embed", "base"} & set(page.elements)
        assert page.elements.count("script") == 1 and "src" not in page.attributes
        assert "style" not in page.attributes and not [name for name in page.attributes if name.startswith("on")]


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    right = {HOSTILE: [HALF["A"]], "x" * 1_000_000: [HALF["D"]]}
    path = put(tmp_path / "registry", "first", right, study=HOSTILE, readings={HOSTILE: dict.fromkeys(right, 1.0)})
    edit(path, warnings=[HOSTILE], plugins=[HOSTILE])
    board = leaderboard(tmp_path / "registry")
    assert not board.left_out
    write_site(board, tmp_path / "site")
    for made in (tmp_path / "site").rglob("*.html"):
        page, raw = read(made), made.read_text(encoding="utf-8")
        assert page.elements.count("script") == 1 and "img" not in page.elements
        assert not set("\u202e\x1b\u2028") & set(raw)
        assert len(raw) < 400_000, "a megabyte of name is cut"
    assert "&lt;script&gt;" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


def test_folder_of_other_things_is_refused_and_a_site_is_written_over(tmp_path: Path) -> None:
    put(tmp_path / "registry", "first", {name: [right] for name, right in HALF.items()})
    board = leaderboard(tmp_path / "registry")
    folder = tmp_path / "site"
    write_site(board, folder)
    (folder / "results" / "made-up" / "old.html").touch()
    write_site(board, folder)
    assert not (folder / "results" / "made-up" / "old.html").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(UserError, match="no site of ours"):
        write_site(board, tmp_path / "mine")
    with pytest.raises(UserError, match="cannot be written"):
        write_site(board, tmp_path / "mine" / "thesis.tex")


@given(st.text())
def test_text_never_makes_markup(value: str) -> None:
    page = Page()
    page.feed(tag("p", value, title=value) + text(value) + lines(value))
    assert page.elements == ["p"]


@given(st.text(min_size=1), st.text(min_size=1))
def test_anchors_are_ids_and_differ(one: str, other: str) -> None:
    assert anchor("c", one).isascii() and " " not in anchor("c", one)
    assert (anchor("c", one) == anchor("c", other)) == (one == other)


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "data:text/html,x", "//evil.example/x", "vbscript:x", " javascript:x"]
)
def test_addresses_from_outside_must_be_of_the_web(href: str) -> None:
    assert "href" not in link(href, "source")
