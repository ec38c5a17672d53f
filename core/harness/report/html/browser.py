"""The frame of the sample browser; the page's script fills it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from harness.report.html.embed import sample_elements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report.study.samples import SampleSet


def browser_html(samples: SampleSet) -> str:
    """Return filters, pager, an empty list, and the samples as compressed data."""
    filters = (
        _choice("benchmark", "Benchmark", samples.benchmarks)
        + _choice("problem", "Problem", ())
        + _choice("candidate", "Candidate", samples.candidates)
        + _choice("phase", "When", samples.phases)
        + _choice("correct", "Verdict", ("wrong", "right"))
    )
    return (
        '<div class="browser" hidden>'
        f'<form class="filters" aria-label="Filter the samples">{filters}'
        '<button type="reset">Show all</button></form>'
        f"{_pager('above')}"
        '<ol id="sample-list" class="samples"></ol>'
        f"{_pager('below')}"
        "</div>"
        '<p class="note" id="samples-off">Samples are unpacked by JavaScript, which is off or has not come this far; '
        "their texts lie in the study's store.</p>" + "".join(sample_elements(samples))
    )


def _choice(name: str, label: str, options: Sequence[str]) -> str:
    shown = "".join(f'<option value="{i}">{escape(option)}</option>' for i, option in enumerate(options))
    return f'<label>{label}<select name="{name}"><option value="">all</option>{shown}</select></label>'


def _pager(place: str) -> str:
    status = ' role="status"' if place == "above" else ' aria-hidden="true"'
    return (
        f'<nav class="pager" aria-label="Pages of samples, {place} the list">'
        '<button type="button" data-page="-1">Previous</button>'
        f'<span class="count"{status}></span>'
        '<button type="button" data-page="1">Next</button></nav>'
    )
