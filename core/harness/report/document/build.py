"""Put a report together: the built-in sections in the order people ask, and those of plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document import sections
from harness.report.document.blocks import Document, Markup, Section, Text
from harness.report.shape import list_of, rows_of, text_of
from harness.report.study.clean import clean, visible
from harness.report.study.curves import curves
from harness.report.study.samples import read_samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.offers import Panel
    from harness.report.study import Study


def build(study: Study, panels: Sequence[Panel] = (), *, with_samples: bool = True) -> Document:
    """Return the report of a study.

    Args:
        study: a result and what lies around it.
        panels: further sections, of plug-ins; one that fails says so in its place.
        with_samples: whether the texts of samples are read, which takes most of the time.
    """
    result: Mapping[str, Any] = clean(dict(study.result))
    logged = curves(study.artifacts)
    made = [
        sections.verdict_section(result),
        sections.compute_section(result),
        sections.candidates_section(result),
        sections.validity_section(result),
        sections.scatter_section(result),
        sections.pass_curves_section(result),
        sections.gains_section(result),
        sections.training_section(result, logged),
        sections.sweep_section(result),
        sections.agreement_section(result),
        sections.prediction_section(result),
        sections.benchmarks_section(result),
        sections.cost_section(result),
        sections.samples_section(read_samples(study.artifacts) if with_samples else None),
        *_of_plugins(panels, result),
        sections.origin_section(result, visible(study.recipe) if study.recipe else None),
    ]
    return Document(
        title=text_of(result.get("study")) or "study",
        subtitle=_subtitle(result),
        sections=tuple(section for section in made if section is not None),
    )


def _subtitle(result: Mapping[str, Any]) -> str:
    seeds = len(list_of(result.get("seeds")))
    parts = [f"{len(rows_of(result.get('candidates')))} candidates", f"{seeds} {'seed' if seeds == 1 else 'seeds'}"]
    parts.append(", ".join(text_of(b.get("name")) for b in rows_of(result.get("benchmarks"))))
    return " · ".join(part for part in parts if part)


def _of_plugins(panels: Sequence[Panel], result: Mapping[str, Any]) -> Iterator[Section]:
    for number, panel in enumerate(panels):
        try:
            block: Markup | Text = Markup(html=str(panel.load()(result)))
        except Exception as error:  # a plug-in's fault must not cost the report
            block = Text(text=clean(f"This panel failed: {type(error).__name__}: {error}"), role="note")
        yield Section(id=f"panel-{number}", title=clean(panel.title), blocks=(block,))
