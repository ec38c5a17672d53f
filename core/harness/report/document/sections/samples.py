"""The samples, to be read: what the models wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.document.blocks import Browser, Section, Text

if TYPE_CHECKING:
    from harness.report.study.samples import SampleSet


def samples_section(samples: SampleSet | None) -> Section | None:
    """Return the sample browser, with the rule by which it was filled."""
    if samples is None or not samples.samples:
        return None
    return Section(id="samples", title="Samples", blocks=(Text(text=samples.rule), Browser(samples=samples)))
