"""Score given tokens: log-probability, entropy and rank of each response token, in batches of similar length."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

_BATCH_TOKENS = 8192
"""Padded tokens a forward pass; bounds activations."""
_BATCH_LOGITS = 2**25
"""Logits a forward pass (128 MiB in float32); bounds memory for large vocabularies."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One sequence's scores, in the order of its response tokens; all of shape (response tokens,)."""

    logprobs: NDArray[np.float32]
    entropies: NDArray[np.float32]
    ranks: NDArray[np.int32]


def score(model: Any, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> Iterator[tuple[int, Scored]]:
    """Yield (place in the input, scores) of each prompt and response, in any order.

    Args:
        model: a live transformers causal language model.
        prompts: token ids, at least one each; they are read, not scored.
        responses: token ids to score.
    """
    for place, (logits,) in response_logits((model,), prompts, responses):
        wanted = torch.tensor(list(responses[place]), device=model.device)
        yield place, _score_row(logits, wanted)


def response_logits(
    models: Sequence[Any], prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]
) -> Iterator[tuple[int, list[Tensor]]]:
    """Yield (place in the input, each model's logits where response tokens are due), in any order.

    Args:
        models: live transformers causal language models that read the same token ids.
        prompts: token ids, at least one each.
        responses: token ids; the logits are of shape (response tokens, vocabulary).
    """
    lengths = [len(p) + len(r) for p, r in zip(prompts, responses, strict=True)]
    for places in _batches(lengths, max(model.config.get_text_config().vocab_size for model in models)):
        first = min(len(prompts[place]) for place in places) - 1
        width = max(lengths[place] for place in places)
        ids = torch.zeros(len(places), width, dtype=torch.int64)
        for row, place in enumerate(places):
            ids[row, : lengths[place]] = torch.tensor([*prompts[place], *responses[place]])
        logits = [_forward(model, ids.to(model.device), first) for model in models]
        for row, place in enumerate(places):
            start = len(prompts[place]) - 1 - first
            yield place, [each[row, start : start + len(responses[place])] for each in logits]


def _batches(lengths: Sequence[int], vocab_size: int) -> Iterator[list[int]]:
    """Group places by length so that padded tokens and logits stay bounded."""
    most = max(1, min(_BATCH_TOKENS, _BATCH_LOGITS // vocab_size))
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if batch and (len(batch) + 1) * lengths[place] > most:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


@torch.inference_mode()
def _forward(model: Any, ids: Tensor, first: int) -> Tensor:
    """Return logits from position `first` on; right padding cannot reach earlier tokens of a causal model."""
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        wanted = torch.arange(first, ids.shape[1], device=ids.device)
        logits: Tensor = model(input_ids=ids, use_cache=False, logits_to_keep=wanted).logits
        return logits
    logits = model(input_ids=ids, use_cache=False).logits
    return logits[:, first:]


@torch.inference_mode()
def _score_row(logits: Tensor, wanted: Tensor) -> Scored:
    logp = torch.log_softmax(logits.float(), -1)
    own = logp.gather(1, wanted[:, None])
    entropies = -(logp.exp() * logp.clamp(min=-1e4)).sum(-1)
    ranks = 1 + (logp > own).sum(-1, dtype=torch.int32)
    return Scored(own[:, 0].cpu().numpy(), entropies.cpu().numpy(), ranks.cpu().numpy())
