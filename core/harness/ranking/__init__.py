"""Existing checkpoints ranked: by the primary proxy, after the paper's filter, with how sure that is."""

from harness.ranking.rank import rank

__all__ = ["rank"]
