"""How well a proxy foretells the outcome, as a statistician would judge it."""

from harness.validity.agreement import Agreement, agreement
from harness.validity.along import StepValidity, ValidityAlong, judge_along
from harness.validity.benchmarks import BenchmarkRho, BenchmarkValidity, ByBenchmark, by_benchmark
from harness.validity.best import probability_best
from harness.validity.board import judge
from harness.validity.calibration import CalibrationPoint, calibration_curve
from harness.validity.ceiling import noise_ceiling, relative_errors
from harness.validity.column import ProxyColumn
from harness.validity.gain import rl_gain
from harness.validity.hits import HitRate
from harness.validity.interval import IntervalMethod
from harness.validity.judgement import Judgement, VsBaseline
from harness.validity.k_sweep import KPoint, KSweep, k_sweep
from harness.validity.pareto import ParetoPoint, pareto
from harness.validity.pass_table import PassTable, pass_table
from harness.validity.prediction import Prediction, predict, predict_combined
from harness.validity.splits import SplitScore

__all__ = [
    "Agreement",
    "BenchmarkRho",
    "BenchmarkValidity",
    "ByBenchmark",
    "CalibrationPoint",
    "HitRate",
    "IntervalMethod",
    "Judgement",
    "KPoint",
    "KSweep",
    "ParetoPoint",
    "PassTable",
    "Prediction",
    "ProxyColumn",
    "SplitScore",
    "StepValidity",
    "ValidityAlong",
    "VsBaseline",
    "agreement",
    "by_benchmark",
    "calibration_curve",
    "judge",
    "judge_along",
    "k_sweep",
    "noise_ceiling",
    "pareto",
    "pass_table",
    "predict",
    "predict_combined",
    "probability_best",
    "relative_errors",
    "rl_gain",
]
