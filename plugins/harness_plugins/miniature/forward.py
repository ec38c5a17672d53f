"""A hand-written training forward of the Qwen3 network: the same numbers as transformers', far less overhead.

At 126,000 parameters a step's cost is Python and kernel launches, not arithmetic; masks, caches and output objects that
are never needed for right-padded training text are left out. A test holds it to the transformers forward.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def rotary_tables(config: Any) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the rotary embedding, each of shape (positions, head_dim)."""
    import torch

    half = torch.arange(0, config.head_dim, 2).float() / config.head_dim
    angles = torch.outer(torch.arange(config.max_position_embeddings).float(), config.rope_parameters["rope_theta"] ** -half)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def next_token_logits(model: Any, ids: Tensor, tables: tuple[Tensor, Tensor]) -> Tensor:
    """Logits of every next token.

    Args:
        model: a Qwen3ForCausalLM with tied embeddings.
        ids: right-padded token ids, shape (batch, tokens).
        tables: from `rotary_tables`.

    Returns:
        Logits, shape (batch, tokens, vocabulary).
    """
    import torch.nn.functional as F  # noqa: N812 - its customary name

    config, network = model.config, model.model
    num_rows, num_tokens = ids.shape
    heads, groups, width = config.num_attention_heads, config.num_key_value_heads, config.head_dim
    cosine, sine = (table[:num_tokens, None] for table in tables)

    def norm(hidden: Tensor, layer: Any) -> Tensor:
        return F.rms_norm(hidden, (hidden.shape[-1],), layer.weight, config.rms_norm_eps)

    hidden = network.embed_tokens(ids)
    for layer in network.layers:
        attention, inner = layer.self_attn, norm(hidden, layer.input_layernorm)
        query = norm(attention.q_proj(inner).view(num_rows, num_tokens, heads, width), attention.q_norm)
        key = norm(attention.k_proj(inner).view(num_rows, num_tokens, groups, width), attention.k_norm)
        value = attention.v_proj(inner).view(num_rows, num_tokens, groups, width)
        mixed = F.scaled_dot_product_attention(
            _rotate(query, cosine, sine).transpose(1, 2),
            _rotate(key, cosine, sine).transpose(1, 2),
            value.transpose(1, 2),
            is_causal=True,
            enable_gqa=heads != groups,
        )
        hidden = hidden + attention.o_proj(mixed.transpose(1, 2).reshape(num_rows, num_tokens, -1))
        inner = norm(hidden, layer.post_attention_layernorm)
        hidden = hidden + layer.mlp.down_proj(F.silu(layer.mlp.gate_proj(inner)) * layer.mlp.up_proj(inner))
    return F.linear(norm(hidden, network.norm), network.embed_tokens.weight)


def _rotate(states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    import torch

    half = states.shape[-1] // 2
    return states * cosine + torch.cat([-states[..., half:], states[..., :half]], dim=-1) * sine
