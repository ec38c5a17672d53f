"""openrlhf: SFT and GRPO on GPUs by OpenRLHF, which runs as a program in a Python environment of its own."""

__all__ = ["grpo", "sft"]
