"""Write a study's report: HTML, Markdown, or folders of PNG and CSV for papers."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from harness._version import __version__
from harness.errors import UserError
from harness.report.document import build
from harness.report.document.blocks import Chart, Grid
from harness.store import slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.offers import Panel
    from harness.report.document import Document
    from harness.report.study import Study

Format = Literal["html", "md", "png", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)
_NAMES = {"html": "report.html", "md": "report.md", "png": "figures", "csv": "tables"}


def default_path(study: Study, as_format: Format) -> Path:
    """Return where a report goes if nobody says: beside a study's result.json, else into the current folder."""
    name = _NAMES[as_format]
    return study.path.with_name(name) if study.path.name == "result.json" else Path(f"{study.path.stem}-{name}")


def write_report(study: Study, path: Path, as_format: Format = "html", panels: Sequence[Panel] = ()) -> list[Path]:
    """Write a report and return the files written.

    Args:
        study: from `harness.report.study.find`.
        path: a file for HTML and Markdown, a folder for PNG (a file a chart) and CSV (a file a table).
        as_format: what to write.
        panels: sections of plug-ins; HTML only.

    Raises:
        MissingError: the package that draws charts is not installed (HTML and PNG).
        UserError: the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if as_format == "html":
            return [_html(study, path, panels)]
        document = build(study, with_samples=False)
        if as_format == "md":
            from harness.report.markdown import markdown

            path.write_text(markdown(document), encoding="utf-8")
            return [path]
        path.mkdir(exist_ok=True)
        return list(_pictures(document, path) if as_format == "png" else _tables(document, path))
    except OSError as error:
        raise UserError(f"report {str(path)!r}: {error.strerror or error}; choose another place with --out") from None


def source_digest(study: Study) -> str:
    """Return the digest of what a page is made from: the result, and the version that makes it."""
    return hashlib.sha256(study.path.read_bytes() + __version__.encode()).hexdigest()


def _html(study: Study, path: Path, panels: Sequence[Panel]) -> Path:
    from harness.report.html import require_drawing, write_page

    require_drawing()
    write_page(build(study, panels), path, source=source_digest(study))
    return path


def _pictures(document: Document, folder: Path) -> Iterator[Path]:
    from harness.report.html.drawing import png

    for chart in _charts(document):
        path = folder / f"{slug(chart.name)}.png"
        path.write_bytes(png(chart))
        yield path


def _tables(document: Document, folder: Path) -> Iterator[Path]:
    from harness.report.sheets import sheets

    for name, text in sheets(document):
        path = folder / f"{slug(name)}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        yield path


def _charts(document: Document) -> Iterator[Chart]:
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Chart):
                yield block
            elif isinstance(block, Grid):
                yield from block.charts
