"""Keep keys and values of rows under generation: rows of similar prompt length side by side in one tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from harness_plugins.local.compute.family import Family

LANES = 16
"""Slots come in multiples of this: the width of the widest vector sum, in float32."""
PART_ROWS = 128
"""Rows worth an attention call of their own: fewer slots to look at against one more call a layer and step."""


class CachePart:
    """Keys and values of some rows, shape (layers, rows, 2 x kv heads, slots, head_dim).

    A row's prompt lies at slots 0, 1, ...; completions of all rows start at one slot behind the longest prompt, so that
    a step writes one slot; the gap between is masked.
    """

    def __init__(self, family: Family, lengths: Sequence[int], copies: Sequence[int], room: int) -> None:
        self.num_rows, self.num_kv_heads, self.num_groups = (
            sum(copies), family.num_kv_heads, family.num_heads // family.num_kv_heads,
        )  # fmt: skip
        self.spans = [(sum(copies[:i]), sum(copies[: i + 1])) for i in range(len(copies))]
        self.next_slot = round_up(max(lengths))
        self.slot = self.in_sight = self.next_slot
        device, dtype = family.embedding.device, family.embedding.dtype
        self.positions = torch.repeat_interleave(torch.tensor(lengths), torch.tensor(copies)).to(device)
        slots = round_up(self.next_slot + room)
        shape = (len(family.layers), self.num_rows, 2 * self.num_kv_heads, slots, family.head_dim)
        self.cache = torch.empty(shape, dtype=dtype, device=device)
        # A masked slot must hold a finite number: 0 x NaN is NaN.
        self.cache[:, :, :, : self.next_slot] = 0
        is_hidden = torch.arange(slots, device=device)[None, :] >= self.positions[:, None]
        self.mask = torch.zeros((self.num_rows, slots), dtype=dtype, device=device)
        self.mask.masked_fill_(is_hidden, float("-inf"))

    def fill(self, layer: int, prompt: int, keys: Tensor, values: Tensor) -> None:
        """Copy one prompt's keys and values, each (tokens, kv heads, head_dim), to all its rows."""
        first, last = self.spans[prompt]
        self.cache[layer, first:last, :, : len(keys)] = torch.cat([keys, values], 1).transpose(0, 1)

    def advance(self) -> Tensor:
        """Open the next slot; return the rows' positions, shape (rows,)."""
        self.slot = self.next_slot
        self.next_slot += 1
        self.in_sight = round_up(self.next_slot)
        if self.slot % LANES == 0:
            self.cache[:, : self.num_rows, :, self.slot : self.in_sight] = 0
        self.mask[: self.num_rows, self.slot] = 0
        self.positions += 1
        return self.positions[: self.num_rows] - 1

    def attend(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Store keys and values (rows, kv heads, head_dim), attend with queries (rows, heads, head_dim); (rows, hidden)."""
        rows, kv_heads = self.num_rows, self.num_kv_heads
        cache = self.cache[layer, :rows]
        cache[:, :kv_heads, self.slot] = keys
        cache[:, kv_heads:, self.slot] = values
        seen = cache[:, :, : self.in_sight]
        mask = self.mask[:rows, None, None, : self.in_sight].expand(rows, kv_heads, self.num_groups, self.in_sight)
        grouped = queries.reshape(rows, kv_heads, self.num_groups, -1)
        attended = scaled_dot_product_attention(grouped, seen[:, :kv_heads], seen[:, kv_heads:], attn_mask=mask)
        return attended.reshape(rows, -1)

    def keep(self, is_kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Fill the places of forgotten rows from the end; return the former places in the new order."""
        left = int(is_kept.sum())
        holes = np.flatnonzero(~is_kept[:left])
        movers = np.flatnonzero(is_kept[left:]) + left
        order = np.arange(left)
        order[holes] = movers
        if len(holes):
            device = self.cache.device
            to, source = torch.from_numpy(holes).to(device), torch.from_numpy(movers).to(device)
            self.cache[:, to, :, : self.next_slot] = self.cache[:, source, :, : self.next_slot]
            self.mask[to] = self.mask[source]
            self.positions[to] = self.positions[source]
        self.num_rows = left
        return order


def cut_parts(lengths: Sequence[int], copies: Sequence[int]) -> list[tuple[int, int]]:
    """Cut consecutive prompts into parts: a longer prompt starts a new one where the last has PART_ROWS rows."""
    parts: list[tuple[int, int]] = []
    first = rows = 0
    for index, (length, count) in enumerate(zip(lengths, copies, strict=True)):
        if rows >= PART_ROWS and round_up(length) != round_up(lengths[first]):
            parts.append((first, index))
            first, rows = index, 0
        rows += count
    parts.append((first, len(lengths)))
    return parts


def round_up(num_slots: int) -> int:
    """Round a number of slots up to whole lanes."""
    return -(-num_slots // LANES) * LANES
