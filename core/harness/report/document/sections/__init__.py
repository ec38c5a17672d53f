"""The sections of a report, one a module; each is a function from a result to a Section, or None where it has nothing."""

from harness.report.document.sections.agreement import agreement_section
from harness.report.document.sections.benchmarks import benchmarks_section
from harness.report.document.sections.candidates import candidates_section
from harness.report.document.sections.compute import compute_section
from harness.report.document.sections.cost import cost_section
from harness.report.document.sections.gains import gains_section
from harness.report.document.sections.origin import origin_section
from harness.report.document.sections.pass_curves import pass_curves_section
from harness.report.document.sections.prediction import prediction_section
from harness.report.document.sections.samples import samples_section
from harness.report.document.sections.scatter import scatter_section
from harness.report.document.sections.sweep import sweep_section
from harness.report.document.sections.training import training_section
from harness.report.document.sections.validity import validity_section
from harness.report.document.sections.verdict import verdict_section

__all__ = [
    "agreement_section",
    "benchmarks_section",
    "candidates_section",
    "compute_section",
    "cost_section",
    "gains_section",
    "origin_section",
    "pass_curves_section",
    "prediction_section",
    "samples_section",
    "scatter_section",
    "sweep_section",
    "training_section",
    "validity_section",
    "verdict_section",
]
