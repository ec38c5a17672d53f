"""The miniature: a reasoning task that makes itself, its tokenizer and its base model, for whole studies on a CPU."""

from harness_plugins.miniature import answer, benchmarks, check, heldout, models, rl, sft

__all__ = ["answer", "benchmarks", "check", "heldout", "models", "rl", "sft"]
