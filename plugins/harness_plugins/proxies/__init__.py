"""Measurements taken before RL that are said to foretell its outcome, and the trivial baselines every board shows."""

from harness_plugins.proxies import (
    fixed_set_loss,
    generalization_loss,
    headroom,
    last_checkpoint,
    lowest_training_loss,
    most_sft_tokens,
    pass_at_k,
    random_pick,
    token_entropy,
)

__all__ = [
    "fixed_set_loss",
    "generalization_loss",
    "headroom",
    "last_checkpoint",
    "lowest_training_loss",
    "most_sft_tokens",
    "pass_at_k",
    "random_pick",
    "token_entropy",
]
