"""The report that a run leaves beside its result; whatever goes wrong with it is a line of text, never the run's failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness.offers import Panel


def report_beside(result: Path, panels: Callable[[], Sequence[Panel]]) -> str:
    """Write report.html beside a result, unless the one there is of this very result; return what to tell the user."""
    path = result.with_name("report.html")
    try:
        from harness.report.html import source_of
        from harness.report.study import read_study
        from harness.report.write import source_digest, write_report

        study = read_study(result)
        if source_of(path) != source_digest(study):
            write_report(study, path, panels=panels())
    except HarnessError as error:
        return f"report  none: {error}"
    except Exception as error:  # the result stands; a fault in drawing it must not make the run a failed one
        return f"report  none: {type(error).__name__}: {error}; the result is whole, try: harness report {result.parent}"
    return f"report  {path}"
