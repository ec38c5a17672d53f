"""How well a proxy foretells the outcome, as a statistician would judge it."""

from harness.validity.along import StepValidity, ValidityAlong, judge_along
from harness.validity.best import probability_best
from harness.validity.board import judge
from harness.validity.ceiling import noise_ceiling, relative_errors
from harness.validity.column import ProxyColumn
from harness.validity.gain import rl_gain
from harness.validity.interval import IntervalMethod
from harness.validity.judgement import Judgement, VsBaseline
from harness.validity.splits import SplitScore

__all__ = [
    "IntervalMethod",
    "Judgement",
    "ProxyColumn",
    "SplitScore",
    "StepValidity",
    "ValidityAlong",
    "VsBaseline",
    "judge",
    "judge_along",
    "noise_ceiling",
    "probability_best",
    "relative_errors",
    "rl_gain",
]
