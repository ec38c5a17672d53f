"""The vLLM this engine is written for, and where it is found."""

from __future__ import annotations

from harness import External

VLLM = External(
    distribution="vllm",
    supported=">=0.29,<0.34",
    variable="HARNESS_VLLM_PYTHON",
    install="python -m pip install 'vllm==0.32.0'",
    note="CUDA GPUs; an environment of its own, since its pins and OpenRLHF's or ours may differ",
)
"""0.29 is what OpenRLHF 0.11.2 installs; 0.33 is the newest there was when this was written; 0.32 is what was run."""
