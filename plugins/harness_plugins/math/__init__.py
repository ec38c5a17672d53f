"""Mathematics: graders and benchmarks."""

from harness_plugins.math import answer_match, benchmarks

__all__ = ["answer_match", "benchmarks"]
