"""Decode the Llama family by hand: about twenty tensor operations a layer and token, whatever the number of rows.

Bits do not depend on the batch where it can be had for free (float32, CPU, one thread, up to 192 positions):

- products of fewer than four rows go through other kernels, so there are never fewer than `MIN_ROWS`;
- prompts are prefilled side by side, unpadded: linear layers see all tokens at once, attention one prompt at a time;
- a row's completion starts at a slot that is a multiple of `LANES`, and the slots in sight are a multiple of it too,
  so that a key keeps its lane in vector sums; masked slots add exact zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear, rms_norm, scaled_dot_product_attention, silu

from harness_plugins.local.compute.family import Family, rotary_table, swap_halves
from harness_plugins.local.compute.family_cache import LANES, CachePart, cut_parts, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness_plugins.local.compute.family import Layer

MIN_ROWS = 4
PREFILL_TOKENS = 4096
"""Tokens prefilled at once; bounds the memory of activations."""


@dataclass(frozen=True, slots=True)
class _Block:
    """One layer's weights, joined so that one product serves several projections."""

    norm_in: Tensor
    qkv: Tensor
    qkv_bias: Tensor | None
    qk_norm: Tensor | None
    """Shape (heads + kv heads, head_dim)."""
    o: Tensor
    o_bias: Tensor | None
    norm_mlp: Tensor
    gate_up: Tensor
    gate_up_bias: Tensor | None
    down: Tensor
    down_bias: Tensor | None


class FamilyDecoder:
    """Decoder for models that `family_of` can read; holds a snapshot of the joined weights."""

    mixes_lengths = True

    def __init__(self, family: Family) -> None:
        self.family = family
        self.device = family.embedding.device
        self.context: int | None = family.context
        with torch.inference_mode():
            self.blocks = [_join(layer, family) for layer in family.layers]
        self._cos = self._sin = torch.empty(0)

    def row_bytes(self, num_positions: int) -> int:
        """Bytes of keys and values for one row."""
        family = self.family
        slots = round_up(num_positions) + LANES
        per_slot = 2 * family.num_kv_heads * family.head_dim * family.embedding.element_size()
        return len(self.blocks) * slots * per_slot

    def start(self, prompts: Sequence[Sequence[int]], copies: Sequence[int], room: int) -> tuple[FamilyBatch, Tensor]:
        """Prefill; see Decoder.start."""
        lengths = [len(prompt) for prompt in prompts]
        self._grow_rotary(max(lengths) + room)
        batch = FamilyBatch(self, lengths, copies, room)
        logits = []
        for first, last in _groups(lengths):
            logits.append(self._prefill(prompts[first:last], batch, first))
        return batch, torch.cat(logits).index_select(0, batch.sources)

    def _grow_rotary(self, num_positions: int) -> None:
        if len(self._cos) < num_positions:
            cos, sin = rotary_table(self.family, num_positions)
            dtype = self.family.embedding.dtype
            self._cos, self._sin = cos.to(dtype), sin.to(dtype)

    def rotary(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Cosines and signed sines, shape (positions, 1, head_dim), to broadcast over heads."""
        return self._cos[positions][:, None], self._sin[positions][:, None]

    def project(self, block: _Block, x: Tensor, rotary: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return rotated queries and keys (rows, heads + kv heads, head_dim), and values (rows, kv heads, head_dim)."""
        family = self.family
        normed = rms_norm(x, x.shape[-1:], block.norm_in, family.eps)
        heads = linear(normed, block.qkv, block.qkv_bias).view(len(x), -1, family.head_dim)
        num_qk = family.num_heads + family.num_kv_heads
        qk, values = heads[:, :num_qk], heads[:, num_qk:]
        if block.qk_norm is not None:
            qk = rms_norm(qk, qk.shape[-1:], None, family.eps) * block.qk_norm
        cos, sin = rotary
        return (qk * cos).add_(swap_halves(qk) * sin), values

    def finish(self, block: _Block, x: Tensor, attended: Tensor) -> Tensor:
        """Add the attention's output and the feed-forward part to the residual stream x, shape (rows, hidden)."""
        x = x + linear(attended, block.o, block.o_bias)
        normed = rms_norm(x, x.shape[-1:], block.norm_mlp, self.family.eps)
        gate, up = linear(normed, block.gate_up, block.gate_up_bias).chunk(2, -1)
        return x + linear(silu(gate).mul_(up), block.down, block.down_bias)

    def logits(self, x: Tensor) -> Tensor:
        """Project the residual stream to float32 logits, shape (rows, vocabulary)."""
        normed = rms_norm(x, x.shape[-1:], self.family.norm_out, self.family.eps)
        return linear(normed, self.family.head).float()

    def _prefill(self, prompts: Sequence[Sequence[int]], batch: FamilyBatch, first: int) -> Tensor:
        """Write the prompts' keys and values to the batch's rows; return logits after each, shape (prompts, vocabulary)."""
        lengths = [len(prompt) for prompt in prompts]
        padding = max(0, MIN_ROWS - sum(lengths))
        ids = [token for prompt in prompts for token in prompt] + [0] * padding
        positions = torch.cat([torch.arange(n) for n in (*lengths, padding)]).to(self.device)
        rotary = self.rotary(positions)
        x = self.family.embedding[torch.tensor(ids, device=self.device)]
        for index, block in enumerate(self.blocks):
            qk, values = self.project(block, x, rotary)
            attended = torch.zeros(len(x), self.family.num_heads, self.family.head_dim, dtype=x.dtype, device=self.device)
            start = 0
            for offset, length in enumerate(lengths):
                own = slice(start, start + length)
                attended[own] = self._attend_causally(qk[own], values[own])
                batch.fill(index, first + offset, qk[own, self.family.num_heads :], values[own])
                start += length
            x = self.finish(block, x, attended.flatten(1))
        ends = torch.tensor(lengths).cumsum(0) - 1
        wanted = torch.cat([ends, ends[-1:].expand(max(0, MIN_ROWS - len(lengths)))]).to(self.device)
        return self.logits(x[wanted])[: len(lengths)]

    def _attend_causally(self, qk: Tensor, values: Tensor) -> Tensor:
        queries, keys = qk.transpose(0, 1).tensor_split([self.family.num_heads])
        grouped = self.family.num_heads != self.family.num_kv_heads
        out = scaled_dot_product_attention(
            queries[None], keys[None], values.transpose(0, 1)[None], is_causal=True, enable_gqa=grouped
        )
        return out[0].transpose(0, 1)


class FamilyBatch:
    """Rows of a FamilyDecoder, in parts of similar prompt length; linear layers see all rows at once."""

    def __init__(self, decoder: FamilyDecoder, lengths: Sequence[int], copies: Sequence[int], room: int) -> None:
        self.decoder = decoder
        self.sources = torch.repeat_interleave(torch.arange(len(copies)), torch.tensor(copies)).to(decoder.device)
        self.parts = [
            CachePart(decoder.family, lengths[first:last], copies[first:last], room)
            for first, last in cut_parts(lengths, copies)
        ]
        self.homes = [(part, place) for part in self.parts for place in range(len(part.spans))]
        self.num_rows = sum(copies)

    def fill(self, layer: int, prompt: int, keys: Tensor, values: Tensor) -> None:
        """Copy one prompt's keys and values, each (tokens, kv heads, head_dim), to all its rows."""
        part, place = self.homes[prompt]
        part.fill(layer, place, keys, values)

    @torch.inference_mode()
    def step(self, tokens: Tensor) -> Tensor:
        """Append a token to each row; see Batch.step."""
        decoder, heads = self.decoder, self.decoder.family.num_heads
        positions = torch.cat([part.advance() for part in self.parts])
        padding = max(0, MIN_ROWS - self.num_rows)
        if padding:
            tokens, positions = (torch.cat([x, x[-1:].expand(padding)]) for x in (tokens, positions))
        rotary = decoder.rotary(positions)
        x = decoder.family.embedding[tokens]
        sizes = [part.num_rows for part in self.parts]
        for index, block in enumerate(decoder.blocks):
            qk, values = decoder.project(block, x, rotary)
            attended, start = [], 0
            for part, size in zip(self.parts, sizes, strict=True):
                own = slice(start, start + size)
                attended.append(part.attend(index, qk[own, :heads], qk[own, heads:], values[own]))
                start += size
            if padding:
                attended.append(attended[-1][-1:].expand(padding, -1))
            x = decoder.finish(block, x, attended[0] if len(attended) == 1 else torch.cat(attended))
        return decoder.logits(x)[: self.num_rows]

    def keep(self, is_kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Forget rows; see Batch.keep."""
        ends = np.cumsum([part.num_rows for part in self.parts])
        shares = np.split(is_kept, ends[:-1])
        starts = ends - [len(share) for share in shares]
        orders = [part.keep(share) + start for part, share, start in zip(self.parts, shares, starts, strict=True)]
        self.parts = [part for part in self.parts if part.num_rows]
        self.num_rows = sum(part.num_rows for part in self.parts)
        return np.concatenate(orders)


def _join(layer: Layer, family: Family) -> _Block:
    qk_norm = None
    if layer.q_norm is not None and layer.k_norm is not None:
        shapes = ((family.num_heads, family.head_dim), (family.num_kv_heads, family.head_dim))
        qk_norm = torch.cat([layer.q_norm.expand(shapes[0]), layer.k_norm.expand(shapes[1])])
    return _Block(
        norm_in=layer.norm_in,
        qkv=torch.cat([layer.q, layer.k, layer.v]),
        qkv_bias=_join_biases((layer.q, layer.q_bias), (layer.k, layer.k_bias), (layer.v, layer.v_bias)),
        qk_norm=qk_norm,
        o=layer.o,
        o_bias=layer.o_bias,
        norm_mlp=layer.norm_mlp,
        gate_up=torch.cat([layer.gate, layer.up]),
        gate_up_bias=_join_biases((layer.gate, layer.gate_bias), (layer.up, layer.up_bias)),
        down=layer.down,
        down_bias=layer.down_bias,
    )


def _join_biases(*parts: tuple[Tensor, Tensor | None]) -> Tensor | None:
    if all(bias is None for _, bias in parts):
        return None
    return torch.cat([weight.new_zeros(len(weight)) if bias is None else bias for weight, bias in parts])


def _groups(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Cut consecutive prompts into runs of at most PREFILL_TOKENS tokens, each of one prompt at least."""
    groups: list[tuple[int, int]] = []
    first = total = 0
    for index, length in enumerate(lengths):
        if index > first and total + length > PREFILL_TOKENS:
            groups.append((first, index))
            first, total = index, 0
        total += length
    groups.append((first, len(lengths)))
    return groups
