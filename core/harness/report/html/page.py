"""One page: its frame, its style, its scripts, and the policy that nothing else runs."""

from __future__ import annotations

import base64
import hashlib
import os
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from harness._version import __version__
from harness.report.document.marks import CONFIG
from harness.report.html.blocks import Blocks
from harness.report.html.drawing import vega_script
from harness.report.html.embed import data_element

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.report.document import Document

MARK = '<meta name="harness-source" content="'
"""Before the digest of what a page was made from."""


def write_page(document: Document, path: Path, *, source: str = "") -> None:
    """Write a report as one HTML file, whole or not at all.

    Args:
        document: the report.
        path: of the file.
        source: digest of what the report was made from, kept in the page.

    Raises:
        MissingError: the package that draws charts is not installed.
        OSError: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_parts(document, source))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def source_of(path: Path) -> str | None:
    """Return the digest that a page was written with, None where there is none."""
    try:
        with path.open(encoding="utf-8") as file:
            start = file.read(4096)
    except (OSError, UnicodeDecodeError):
        return None
    _, mark, rest = start.partition(MARK)
    return rest.partition('"')[0] if mark else None


def _parts(document: Document, source: str) -> Iterator[str]:
    scripts = [_inline(vega_script()), _inline(_asset("page.js"))]
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="posttrain-harness {escape(__version__)}">\n'
        f'{MARK}{escape(source)}">\n'
        f"<title>{escape(document.title)} - harness report</title>\n<style>{_asset('page.css')}</style>\n</head>\n"
    )
    links = "".join(
        f'<li><a href="#{section.id}">{escape(section.label or section.title)}</a></li>' for section in document.sections
    )
    yield (
        '<body>\n<a class="skip" href="#main">Skip to the report</a>\n'
        f'<header><p class="kicker">harness report</p><h1>{escape(document.title)}</h1>'
        f'<p class="subtitle">{escape(document.subtitle)}</p></header>\n'
        f'<nav class="contents" aria-label="Sections"><ol>{links}</ol></nav>\n<main id="main">\n'
    )
    blocks = Blocks()
    for section in document.sections:
        yield f'<section id="{section.id}" aria-labelledby="{section.id}-title">\n'
        yield f'<h2 id="{section.id}-title">{escape(section.title)}</h2>\n'
        for block in section.blocks:
            yield blocks.html(block) + "\n"
        yield "</section>\n"
    yield f"</main>\n<footer><p>Made by posttrain-harness {escape(__version__)}. One file, no network.</p></footer>\n"
    yield data_element("theme", CONFIG) + "\n"
    yield from (f"<script>{script}</script>\n" for script in scripts)
    yield "</body>\n</html>\n"


def _policy(scripts: Sequence[str]) -> str:
    """Allow these scripts and no other: neither inline handlers, nor javascript: links, nor anything from a network."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    rules = ("default-src 'none'", f"script-src {allowed}", "style-src 'unsafe-inline'", "img-src data:", "font-src data:")
    return "; ".join([*rules, "base-uri 'none'", "form-action 'none'"])


def _inline(script: str) -> str:
    """Make a script fit to stand in a script element: a closing tag in one of its strings is written another way."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--").replace("\r\n", "\n").replace("\r", "\n")


def _asset(name: str) -> str:
    return files("harness.report.html").joinpath(name).read_text(encoding="utf-8")
