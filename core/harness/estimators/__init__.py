"""Point estimates and intervals from stored counts; public, so that plug-ins count as the host does."""

from harness.estimators.difference import paired_difference
from harness.estimators.estimate import Estimate
from harness.estimators.mean import benchmark_pass_at_k, mean_pass_at_k
from harness.estimators.pass_at_k import pass_at_k
from harness.estimators.per_problem import mean_over_problems
from harness.estimators.problems import ProblemValues, problem_values
from harness.estimators.ratio import weighted_mean

__all__ = [
    "Estimate",
    "ProblemValues",
    "benchmark_pass_at_k",
    "mean_over_problems",
    "mean_pass_at_k",
    "paired_difference",
    "pass_at_k",
    "problem_values",
    "weighted_mean",
]
