"""Decode any causal language model through its own forward and transformers' cache.

Prompts of one length share a batch, so nothing is padded and no architecture's handling of padding or positions matters.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor


class GenericDecoder:
    """Decoder over a live transformers model of any architecture."""

    mixes_lengths = False

    def __init__(self, model: Any) -> None:
        self.model = model
        self.device: torch.device = model.device
        config = model.config.get_text_config()
        self.context: int | None = getattr(config, "max_position_embeddings", None)
        self._per_position = _cache_bytes(config, model.dtype.itemsize)
        names = inspect.signature(model.forward).parameters
        self.cache_name = "past_key_values" if "past_key_values" in names else "cache_params"

    def row_bytes(self, num_positions: int) -> int:
        """Bytes of keys and values for one row, as far as the config tells."""
        return num_positions * self._per_position

    @torch.inference_mode()
    def start(self, prompts: Sequence[Sequence[int]], copies: Sequence[int], room: int) -> tuple[GenericBatch, Tensor]:
        """Prefill; see Decoder.start. All prompts must have one length."""
        from transformers import DynamicCache

        batch = GenericBatch(self, DynamicCache(config=self.model.config))
        logits = batch.forward(torch.tensor([list(prompt) for prompt in prompts], device=self.device))
        sources = torch.repeat_interleave(torch.arange(len(copies)), torch.tensor(copies)).to(self.device)
        batch.select(sources)
        return batch, logits.index_select(0, sources)


class GenericBatch:
    """Rows of a GenericDecoder."""

    def __init__(self, decoder: GenericDecoder, cache: Any) -> None:
        self.decoder = decoder
        self.cache = cache

    @torch.inference_mode()
    def forward(self, ids: Tensor) -> Tensor:
        """Run ids (rows, tokens) behind what the cache holds; return logits after the last, float32."""
        extra = {self.decoder.cache_name: self.cache, "use_cache": True}
        logits: Tensor = self.decoder.model(input_ids=ids, **extra).logits[:, -1].float()
        return logits

    def step(self, tokens: Tensor) -> Tensor:
        """Append a token to each row; see Batch.step."""
        return self.forward(tokens[:, None])

    def select(self, rows: Tensor) -> None:
        """Make row i a copy of the former row rows[i]."""
        self.cache.reorder_cache(rows)

    def keep(self, is_kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Forget rows; see Batch.keep."""
        order = np.flatnonzero(is_kept)
        self.select(torch.from_numpy(order).to(self.decoder.device))
        return order


def _cache_bytes(config: Any, itemsize: int) -> int:
    """Bytes of keys and values a position; an upper bound where the config does not say how many kv heads there are."""
    heads = getattr(config, "num_attention_heads", None) or 1
    kv_heads = getattr(config, "num_key_value_heads", None) or heads
    hidden = getattr(config, "hidden_size", None) or 1024
    head_dim = getattr(config, "head_dim", None) or -(-hidden // heads)
    layers = getattr(config, "num_hidden_layers", None) or 1
    return int(2 * layers * kv_heads * head_dim * itemsize)
