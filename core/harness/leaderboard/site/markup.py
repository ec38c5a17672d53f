"""HTML as values: text from outside is escaped by its type, so that forgetting to is not possible."""

from __future__ import annotations

from html import escape
from urllib.parse import quote, urlsplit

from harness.digest import of_json
from harness.escape import printable

LONGEST = 160
"""Characters of a name that are shown; the rest says nothing, and a megabyte of it would hide the page."""


LONGEST_PROSE = 4000
"""Of a sentence: a caveat, a reason."""


class Html(str):
    """Markup of our own making; every other string is escaped where it is put in."""

    __slots__ = ()


Content = str | int | None


def text(value: object, longest: int = LONGEST) -> Html:
    """Escape text from outside: markup, control characters, bidirectional overrides; cut at `longest`."""
    written = printable("" if value is None else str(value)[: longest + 1])
    return Html(escape(written if len(written) <= longest else f"{written[: longest - 1]}…"))


def join(*parts: Content) -> Html:
    """Put parts side by side; what is not Html is escaped."""
    return Html("".join(part if isinstance(part, Html) else text(part, LONGEST_PROSE) for part in parts))


def tag(name: str, *children: Content, **attributes: Content) -> Html:
    """Make an element.

    Args:
        name: of the element.
        children: escaped unless they are Html.
        attributes: `class_` and `aria_label` are spelled so; None leaves one out, an empty string makes it bare.
    """
    spelled = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(printable(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{spelled}>{join(*children)}</{name}>")


def link(href: str, *children: Content, **attributes: Content) -> Html:
    """Make a link; an address from outside must be http or https, or the text stays plain."""
    parts = urlsplit(href)
    if parts.scheme not in ("", "http", "https") or (not parts.scheme and parts.netloc):
        return join(*children)
    return tag("a", *children, href=href, **attributes)


def path(*parts: str) -> str:
    """Join names to a relative address."""
    return "/".join(quote(part, safe="") for part in parts)


def lines(content: str) -> Html:
    """Escape text of several lines, kept as lines."""
    return Html("\n".join(text(line, longest=2000) for line in content.split("\n")))


def anchor(kind: str, *names: str) -> str:
    """Return an id: readable where the last name allows it, unique by a digest of all names."""
    readable = "".join(c if c.isascii() and c.isalnum() else "-" for c in names[-1][:40]).strip("-").lower()
    return "-".join(part for part in (kind, readable, of_json(list(names))[:6]) if part)
