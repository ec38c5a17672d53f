"""Recipes: from JSON to a checked record."""

from harness.recipe.records import BenchmarkUse, Budget, Candidate, Outcome, Recipe, RlStage, Use

__all__ = ["BenchmarkUse", "Budget", "Candidate", "Outcome", "Recipe", "RlStage", "Use"]
