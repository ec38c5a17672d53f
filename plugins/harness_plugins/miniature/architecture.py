"""The miniature's network: a Qwen3 so small that a study of it fits a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from harness_plugins.miniature.tokenizer import MAX_POSITIONS, save_tokenizer
from harness_plugins.miniature.vocabulary import BOS_ID, EOS_ID, PAD_ID, TOKENS

if TYPE_CHECKING:
    from pathlib import Path

Size = Literal["tiny", "small", "medium"]
SHAPES: dict[Size, dict[str, Any]] = {
    "tiny": {
        "hidden_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "intermediate_size": 160,
    },
    "small": {
        "hidden_size": 96,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 24,
        "intermediate_size": 256,
    },
    "medium": {
        "hidden_size": 128,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "intermediate_size": 352,
    },
}
"""125,920, 388,992 and 740,608 parameters."""


def build_blank(size: Size, seed: int) -> Any:
    """Build a randomly initialised Qwen3ForCausalLM; the caller's random state is left alone."""
    import torch
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    special: dict[str, Any] = {"pad_token_id": PAD_ID, "bos_token_id": BOS_ID, "eos_token_id": EOS_ID}
    config = Qwen3Config(
        vocab_size=len(TOKENS),
        max_position_embeddings=MAX_POSITIONS,
        tie_word_embeddings=True,
        initializer_range=0.05,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        **SHAPES[size],
        **special,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config)
    # Spelled out: a use_cache=false that slips into this file makes generate 10-40 times slower.
    model.generation_config = GenerationConfig(**special, do_sample=True, use_cache=True)  # type: ignore[no-untyped-call]
    return model


def save_checkpoint(model: Any, folder: Path) -> None:
    """Write weights, configuration and tokenizer as a Hugging Face folder."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    save_tokenizer(folder)
