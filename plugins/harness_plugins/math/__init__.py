"""Mathematics: graders and benchmarks."""

from harness_plugins.math import answer_match, benchmarks, math_verify

__all__ = ["answer_match", "benchmarks", "math_verify"]
