"""Tasks of lm-evaluation-harness as benchmarks, and our engines as its models."""

from harness_plugins.lm_eval import benchmark, grader

__all__ = ["benchmark", "grader"]
