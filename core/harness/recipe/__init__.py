"""Recipes: from JSON to a checked record."""

from harness.recipe.faults import Fault, FaultyRecipeError
from harness.recipe.load import load
from harness.recipe.records import BenchmarkUse, Budget, Candidate, Outcome, Recipe, RlStage, Use
from harness.recipe.schema import composed_schema

__all__ = [
    "BenchmarkUse",
    "Budget",
    "Candidate",
    "Fault",
    "FaultyRecipeError",
    "Outcome",
    "Recipe",
    "RlStage",
    "Use",
    "composed_schema",
    "load",
]
