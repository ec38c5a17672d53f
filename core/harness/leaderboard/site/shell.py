"""What every page has around its content: one file, no network, scripts and styles pinned by their digests."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from harness.leaderboard.site.markup import LONGEST, Html, join, link, tag

if TYPE_CHECKING:
    from harness.leaderboard.site.markup import Content


FOOTER = "Written by harness leaderboard. Every figure can be worked out again from the files linked here."


@cache
def _asset(name: str) -> str:
    return (files("harness.leaderboard.site") / name).read_text(encoding="utf-8")


def _pin(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def page(title: str, *content: Content, home: str = "", nav: Content = None) -> Html:
    """Return a whole page.

    Args:
        title: plain text.
        content: of `main`.
        home: the address of the index from here; empty on the index itself.
        nav: links into the page.
    """
    style, script = _asset("site.css"), _asset("sort.js")
    # Nothing but these two texts runs or styles, whatever a name manages to smuggle in; 'self' means nothing under file://.
    policy = f"default-src 'none'; style-src {_pin(style)}; script-src {_pin(script)}; base-uri 'none'; form-action 'none'"
    head = join(
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        tag("title", title),
        Html(f"<style>{style}</style>"),
    )
    brand = link(home, "posttrain-harness") if home else tag("span", "posttrain-harness")
    body = join(
        link("#main", "Skip to content", class_="skip"),
        tag("header", tag("div", brand, tag("nav", nav, aria_label="On this page") if nav else None, class_="bar")),
        tag("main", *content, id="main"),
        tag("footer", tag("p", FOOTER)),
        Html(f"<script>{script}</script>"),
    )
    return Html(f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n')


def section(identity: str, heading: Content, *content: Content) -> Html:
    """Return a section with a heading that can be linked to."""
    return tag("section", tag("h2", heading, id=identity), *content, aria_labelledby=identity)


def facts(*pairs: tuple[str, Content]) -> Html:
    """Return a list of names and values; empty values are left out."""
    rows = [join(tag("dt", name), tag("dd", value)) for name, value in pairs if value]
    return tag("dl", *rows, class_="facts")


def plain_list(items: list[Html]) -> Html | None:
    """Return a list, or nothing."""
    return tag("ul", *(tag("li", item) for item in items)) if items else None


def title_of(*parts: object) -> str:
    """Return a page's title."""
    return " · ".join(str(part)[:LONGEST] for part in parts)
