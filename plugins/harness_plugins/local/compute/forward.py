"""Log-probabilities of response tokens, with gradients: by hand for the Llama family, else by the model's own forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, embedding, linear, scaled_dot_product_attention, silu
from torch.utils.checkpoint import checkpoint

from harness_plugins.local.compute.family import family_of, rotary_table
from harness_plugins.local.compute.fused import norm_and_rotate, rms_norm
from harness_plugins.local.compute.layout import Text, lay_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness_plugins.local.compute.family import Family, Layer
    from harness_plugins.local.compute.layout import Layout

_MAX_LOGITS = 2**25
"""Logits held at once (128 MiB in float32); of more, each part is worked out again in the backward pass."""


class Scorer:
    """Scores texts under a live model; weights are read anew at every call."""

    def __init__(self, model: Any, dtype: str = "float32") -> None:
        self.model = model
        self.device: torch.device = model.device
        self.is_mixed = dtype == "bfloat16"
        self.family = family_of(model)
        # No gradient reaches the padding token's embedding, as in the model's own forward.
        self._padding: int | None = getattr(model.get_input_embeddings(), "padding_idx", None)
        self._cos = self._sin = torch.empty(0)

    def logprobs(self, texts: Sequence[Text]) -> Tensor:
        """Return log p of every response token, text by text, float32, shape (responses,)."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.is_mixed):
            if self.family is None:
                return _model_logprobs(self.model, texts, self.device)
            return self._family_logprobs(self.family, lay_out(texts, self.device))

    def _family_logprobs(self, family: Family, layout: Layout) -> Tensor:
        cos, sin = self._rotary(family, max(block.width for block in layout.blocks))
        rotary = cos[layout.positions][:, None], sin[layout.positions][:, None]
        x = embedding(layout.ids, family.embedding, padding_idx=self._padding)
        for layer in family.layers[:-1]:
            x = _finish(family, layer, x, _attend(family, layer, x, rotary, layout).index_select(0, layout.home))
        # Behind the last attention nothing but the predicting tokens matters.
        last = family.layers[-1]
        attended = _attend(family, last, x, rotary, layout).index_select(0, layout.predictor_places)
        x = _finish(family, last, x.index_select(0, layout.predictors), attended)
        return _head_logprobs(rms_norm(x, family.norm_out, family.eps), family.head, layout.targets)

    def _rotary(self, family: Family, num_positions: int) -> tuple[Tensor, Tensor]:
        if len(self._cos) < num_positions:
            self._cos, self._sin = rotary_table(family, 2 * num_positions)
        return self._cos, self._sin


def _attend(family: Family, layer: Layer, x: Tensor, rotary: tuple[Tensor, Tensor], layout: Layout) -> Tensor:
    """Return attention's output, before its projection, at every place; shape (places, heads * head_dim)."""
    normed = rms_norm(x, layer.norm_in, family.eps)
    heads, kv_heads, width = family.num_heads, family.num_kv_heads, family.head_dim
    weight, bias = _joined((layer.q, layer.q_bias), (layer.k, layer.k_bias), (layer.v, layer.v_bias))
    projected = linear(normed, weight, bias).view(len(x), -1, width)
    values = projected[:, heads + kv_heads :]
    qk = norm_and_rotate(projected[:, : heads + kv_heads], _qk_norm(family, layer), family.eps, *rotary).to(values.dtype)
    outputs = []
    for block in layout.blocks:
        block_qk = qk.index_select(0, block.gather).view(block.rows, block.width, -1, width).transpose(1, 2)
        block_values = values.index_select(0, block.gather).view(block.rows, block.width, -1, width).transpose(1, 2)
        queries, keys = block_qk[:, :heads], block_qk[:, heads:]
        out = scaled_dot_product_attention(queries, keys, block_values, is_causal=True, enable_gqa=heads != kv_heads)
        outputs.append(out.transpose(1, 2).reshape(block.rows * block.width, -1))
    return outputs[0] if len(outputs) == 1 else torch.cat(outputs)


def _finish(family: Family, layer: Layer, x: Tensor, attended: Tensor) -> Tensor:
    """Add attention's output and the feed-forward part to the residual stream x, shape (tokens, hidden)."""
    x = x + linear(attended, layer.o, layer.o_bias)
    normed = rms_norm(x, layer.norm_mlp, family.eps)
    gate = silu(linear(normed, layer.gate, layer.gate_bias))
    return x + linear(gate * linear(normed, layer.up, layer.up_bias), layer.down, layer.down_bias)


def _joined(*parts: tuple[Tensor, Tensor | None]) -> tuple[Tensor, Tensor | None]:
    """Stack projections, so that one product serves several."""
    weight = torch.cat([weight for weight, _ in parts])
    if all(bias is None for _, bias in parts):
        return weight, None
    return weight, torch.cat([weight.new_zeros(len(weight)) if bias is None else bias for weight, bias in parts])


def _qk_norm(family: Family, layer: Layer) -> Tensor | None:
    if layer.q_norm is None or layer.k_norm is None:
        return None
    q_norm = layer.q_norm.expand(family.num_heads, family.head_dim)
    return torch.cat([q_norm, layer.k_norm.expand(family.num_kv_heads, family.head_dim)])


def _head_logprobs(hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    rows = max(1, _MAX_LOGITS // len(head))
    if len(hidden) <= rows:
        return _pick(hidden, head, targets)
    cuts = [slice(start, start + rows) for start in range(0, len(hidden), rows)]
    parts = [checkpoint(_pick, hidden[own], head, targets[own], use_reentrant=False) for own in cuts]
    return torch.cat(parts)


def _pick(hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    return -cross_entropy(linear(hidden, head).float(), targets, reduction="none")


def _model_logprobs(model: Any, texts: Sequence[Text], device: torch.device) -> Tensor:
    """Score through the model's own forward, padded at the right; any architecture."""
    width = max(text.num_inputs for text in texts)
    ids = torch.zeros(len(texts), width, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    rows: list[int] = []
    columns: list[int] = []
    targets: list[int] = []
    for row, text in enumerate(texts):
        ids[row, : text.num_inputs] = torch.tensor([*text.prompt, *text.response[:-1]])
        mask[row, : text.num_inputs] = 1
        rows += [row] * len(text.response)
        columns += range(len(text.prompt) - 1, text.num_inputs)
        targets += text.response
    logits = model(input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False).logits
    picked = logits[torch.tensor(rows, device=device), torch.tensor(columns, device=device)]
    return -cross_entropy(picked.float(), torch.tensor(targets, device=device), reduction="none")
