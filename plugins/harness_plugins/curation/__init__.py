"""Curations: the steps a data strategy is made of."""

from harness_plugins.curation import (
    dedupe,
    difficulty,
    epochs,
    length_filter,
    mixture,
    shuffle,
    subset,
    where,
)

__all__ = ["dedupe", "difficulty", "epochs", "length_filter", "mixture", "shuffle", "subset", "where"]
