"""Two candidates or two results against each other, always paired by problem."""

from harness.comparison.compare import compare
from harness.comparison.matching import Dropped, match
from harness.comparison.paired import Paired, compare_counts, count_signs, flip_signs
from harness.comparison.side import Side, read_sides

__all__ = ["Dropped", "Paired", "Side", "compare", "compare_counts", "count_signs", "flip_signs", "match", "read_sides"]
