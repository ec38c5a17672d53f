"""How far a checkpoint is from its base: exact next-token divergence on given tokens, and distance of the weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from harness_plugins.local.compute.score import response_logits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_CHUNK = 2**22
"""Numbers worked on at once in float64 (32 MiB), be they logits or weights."""


def divergences(model: Any, base: Any, prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> list[float]:
    """Sum KL(model || base) of the next token over each response's tokens, nats, in the order of the input.

    Args:
        model: a live transformers causal language model.
        base: another with the same vocabulary.
        prompts: token ids, at least one each.
        responses: token ids; the divergence is taken where each of them is due.
    """
    found = [0.0] * len(responses)
    for place, (own, other) in response_logits((model, base), prompts, responses):
        rows = max(1, _CHUNK // own.shape[1])
        for start in range(0, len(own), rows):
            found[place] += _divergence(own[start : start + rows], other[start : start + rows])
    return found


@torch.inference_mode()
def _divergence(own: Tensor, other: Tensor) -> float:
    """Sum KL over rows of logits; a token the first never gives adds nothing, whatever the second says of it."""
    log_p, log_q = own.double().log_softmax(-1), other.double().log_softmax(-1)
    p = log_p.exp()
    return float(torch.where(p == 0, 0.0, p * (log_p - log_q)).sum(-1).clamp(min=0).sum())


def why_not_comparable(model: Any, base: Any, longest: int) -> str | None:
    """Say why the two cannot be compared token by token on texts of up to `longest` tokens; None where they can."""
    config, other = model.config.get_text_config(), base.config.get_text_config()
    if config.vocab_size != other.vocab_size:
        return f"the checkpoint's vocabulary has {config.vocab_size} tokens, the base's {other.vocab_size}"
    context = getattr(other, "max_position_embeddings", None)
    if context is not None and longest > context:
        return f"a held-out trace has {longest} tokens, and the base's context holds {context}"
    return None


@torch.inference_mode()
def parameter_distance(model: Any, base: Any) -> tuple[float | None, str | None]:
    """Return the L2 norm of the weights' difference over that of the base's, or None and why not.

    Weights that a model uses in two places count once, as in `named_parameters`.
    """
    own, other = dict(model.named_parameters()), dict(base.named_parameters())
    unlike = [name for name in {**own, **other} if name not in own or name not in other]
    unlike += [name for name in own if name in other and own[name].shape != other[name].shape]
    if unlike:
        return None, f"the checkpoint's weights are not of the base's shapes; {unlike[0]} differs"
    apart = whole = 0.0
    for name, weights in own.items():
        now, before = weights.flatten(), other[name].flatten()
        for start in range(0, len(now), _CHUNK):
            part = before[start : start + _CHUNK].double()
            apart += float((now[start : start + _CHUNK].double() - part).square().sum())
            whole += float(part.square().sum())
    if not math.isfinite(apart) or not math.isfinite(whole):
        return None, "some weight is not finite"
    if whole == 0.0:
        return None, "the base's weights are all 0"
    return math.sqrt(apart / whole), None
