"""Existing checkpoints as a study built in memory: no training, no RL."""

from harness.checkpoints.measured import pre_counts
from harness.checkpoints.request import BASE_NAME, Request
from harness.checkpoints.source import Source, named_file, parse_source, parse_sources
from harness.checkpoints.study import load_request

__all__ = ["BASE_NAME", "Request", "Source", "load_request", "named_file", "parse_source", "parse_sources", "pre_counts"]
