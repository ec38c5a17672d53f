"""Graphics cards by the arithmetic they can do at most: what a cost estimate divides by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PEAK_FLOPS: Mapping[str, float] = MappingProxyType(
    {"a100": 312e12, "l40s": 362e12, "h100": 989e12, "h200": 989e12, "b200": 2250e12}
)
"""Floating-point operations a second in bfloat16, dense, by NVIDIA's data sheets (SXM cards; no sparsity)."""
DEFAULT_CARD = "h100"
