"""Grading of mathematical answers."""

from harness_plugins.math import answer_match

__all__ = ["answer_match"]
