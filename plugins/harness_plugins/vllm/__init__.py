"""vllm: many samples a second on GPUs by vLLM, which runs as a program in a Python environment of its own."""

__all__ = ["engine"]
