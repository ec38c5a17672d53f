"""The OpenRLHF these trainers are written for, and where it is found."""

from __future__ import annotations

from harness import External

VERSION = "0.11.2"
"""Flags have changed between patch releases (0.11.0 to 0.11.2), so exactly this one is supported."""

OPENRLHF = External(
    distribution="openrlhf",
    supported=f"=={VERSION}",
    variable="HARNESS_OPENRLHF_PYTHON",
    install=f"python -m pip install 'openrlhf[vllm]=={VERSION}'",
    note="CUDA GPUs; an environment of its own, on Python 3.10 or newer with CUDA's compiler for flash-attn",
)
