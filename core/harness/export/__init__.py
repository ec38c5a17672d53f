"""A study's samples in the forms of other tools."""

from harness.export.inspect import write_inspect
from harness.export.lm_eval import write_lm_eval
from harness.export.samples import Drawn, Evaluation, evaluations

__all__ = ["Drawn", "Evaluation", "evaluations", "write_inspect", "write_lm_eval"]
