"""Published studies: their figures as data, and what they say together."""

from harness.studies.meta import MetaAnalysis, ProxyEvidence, meta_analysis
from harness.studies.pairs import Pairs, ordered_pairs
from harness.studies.read import read_study, read_study_file, studies, study_names
from harness.studies.reading import Reading, readings, tally
from harness.studies.records import Column, Reported, Row, Source, Study
from harness.studies.tabulate import study_question, study_table

__all__ = [
    "Column",
    "MetaAnalysis",
    "Pairs",
    "ProxyEvidence",
    "Reading",
    "Reported",
    "Row",
    "Source",
    "Study",
    "meta_analysis",
    "ordered_pairs",
    "read_study",
    "read_study_file",
    "readings",
    "studies",
    "study_names",
    "study_question",
    "study_table",
    "tally",
]
