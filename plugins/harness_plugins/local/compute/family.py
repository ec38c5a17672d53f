"""Read the weights of the Llama family (Llama, Qwen2, Qwen3) out of a live transformers model.

These architectures are one: RMSNorm, rotary positions, grouped queries, SwiGLU; they differ in biases and in norms
on queries and keys. Whoever computes by hand starts here; whatever is unusual in a config gives None, and the caller
goes through the model's own forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

_ARCHITECTURES = frozenset({"LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The live parameters of one block; linear weights have shape (out, in), absent ones are None."""

    norm_in: Tensor
    q: Tensor
    k: Tensor
    v: Tensor
    o: Tensor
    q_bias: Tensor | None
    k_bias: Tensor | None
    v_bias: Tensor | None
    o_bias: Tensor | None
    q_norm: Tensor | None
    """Shape (head_dim,)."""
    k_norm: Tensor | None
    norm_mlp: Tensor
    gate: Tensor
    up: Tensor
    down: Tensor
    gate_bias: Tensor | None
    up_bias: Tensor | None
    down_bias: Tensor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A model of the family: its shape and its live parameters, so that gradients reach them."""

    num_heads: int
    num_kv_heads: int
    head_dim: int
    eps: float
    rope_theta: float
    context: int
    """Largest number of positions, prompt and completion together."""
    embedding: Tensor
    """Shape (vocabulary, hidden)."""
    layers: tuple[Layer, ...]
    norm_out: Tensor
    head: Tensor
    """Shape (vocabulary, hidden); the embedding itself where the two are tied."""


def family_of(model: Any) -> Family | None:
    """Read a live transformers model; None where it is not of the family or its config holds anything unusual."""
    kind = type(model)
    is_known = kind.__module__.startswith("transformers.models.") and kind.__name__ in _ARCHITECTURES
    if not is_known or not _is_plain(model.config):
        return None
    body, config = model.model, model.config
    blocks = [_layer_of(block) for block in body.layers]
    layers = tuple(layer for layer in blocks if layer is not None)
    if len(layers) < len(blocks) or not _is_linear(model.lm_head) or model.lm_head.bias is not None:
        return None
    heads = config.num_attention_heads
    return Family(
        num_heads=heads,
        num_kv_heads=config.num_key_value_heads,
        head_dim=getattr(config, "head_dim", None) or config.hidden_size // heads,
        eps=config.rms_norm_eps,
        rope_theta=float(config.rope_parameters["rope_theta"]),
        context=config.max_position_embeddings,
        embedding=body.embed_tokens.weight,
        layers=layers,
        norm_out=body.norm.weight,
        head=model.lm_head.weight,
    )


def rotary_table(family: Family, num_positions: int) -> tuple[Tensor, Tensor]:
    """Return cosines and signed sines, each of shape (positions, head_dim), float32, on the weights' device.

    Rotate with `x * cos + swap_halves(x) * sin`: the sign of the first half lies in the sines. Angles as in RoFormer
    (arXiv 2104.09864), halves paired the way transformers pairs them.
    """
    device = family.embedding.device
    exponents = torch.arange(0, family.head_dim, 2, dtype=torch.float32, device=device) / family.head_dim
    positions = torch.arange(num_positions, dtype=torch.float32, device=device)
    angles = torch.outer(positions, 1.0 / family.rope_theta**exponents)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([cos, cos], -1), torch.cat([-sin, sin], -1)


def swap_halves(x: Tensor) -> Tensor:
    """Exchange the two halves of the last dimension."""
    half = x.shape[-1] // 2
    return torch.cat([x[..., half:], x[..., :half]], -1)


def _is_plain(config: Any) -> bool:
    rope = dict(getattr(config, "rope_parameters", None) or {})
    kinds = getattr(config, "layer_types", None) or []
    return (
        rope.pop("rope_type", "default") == "default"
        and rope.pop("partial_rotary_factor", 1.0) == 1.0
        and set(rope) == {"rope_theta"}
        and config.hidden_act == "silu"
        and all(kind == "full_attention" for kind in kinds)
        and not (getattr(config, "use_sliding_window", False) and config.sliding_window)
        and not getattr(config, "attention_dropout", 0.0)
        and getattr(config, "pretraining_tp", 1) == 1
        and getattr(config, "quantization_config", None) is None
    )


def _is_linear(module: Any) -> bool:
    # Adapters and quantised layers wrap or subclass nn.Linear; their forward is more than a product.
    return type(module) is nn.Linear


def _layer_of(block: Any) -> Layer | None:
    attention, mlp = block.self_attn, block.mlp
    q, k, v, o = attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj
    gate, up, down = mlp.gate_proj, mlp.up_proj, mlp.down_proj
    if not all(_is_linear(module) for module in (q, k, v, o, gate, up, down)):
        return None
    return Layer(
        norm_in=block.input_layernorm.weight,
        q=q.weight,
        k=k.weight,
        v=v.weight,
        o=o.weight,
        q_bias=q.bias,
        k_bias=k.bias,
        v_bias=v.bias,
        o_bias=o.bias,
        q_norm=attention.q_norm.weight if hasattr(attention, "q_norm") else None,
        k_norm=attention.k_norm.weight if hasattr(attention, "k_norm") else None,
        norm_mlp=block.post_attention_layernorm.weight,
        gate=gate.weight,
        up=up.weight,
        down=down.weight,
        gate_bias=gate.bias,
        up_bias=up.bias,
        down_bias=down.bias,
    )
