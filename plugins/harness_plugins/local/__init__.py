"""local: trainers, engine and executor that run on this machine alone, on any Hugging Face causal-LM folder."""

__all__ = ["engine", "grpo", "processes", "sft"]
