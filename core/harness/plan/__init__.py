"""The plan: from a recipe to a graph of steps."""

from harness.plan.build import build
from harness.plan.graph import Plan

__all__ = ["Plan", "build"]
