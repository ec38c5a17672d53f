"""Draw tokens from logits by inverting the distribution function at given uniform numbers.

Sums run in float64: a uniform number has 53 bits, and float32 sums over a large vocabulary would lose the rare tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_LOWEST = -700.0
"""exp() of it is the least normal float64: impossible tokens stay finite, so that p log p is 0 and not NaN."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One drawn token a row; all of shape (rows,)."""

    tokens: Tensor
    """int64."""
    logprobs: Tensor
    """log p(token) at temperature 1, nats, float32."""
    entropies: Tensor | None
    """Entropy of the distribution at temperature 1, nats, float32."""


def choose(logits: Tensor, uniforms: Tensor, *, temperature: float, top_p: float, need_entropy: bool) -> Choice:
    """Draw a token for each row.

    Args:
        logits: shape (rows, vocabulary), any float type.
        uniforms: float64 in [0, 1), shape (rows,).
        temperature: 0 takes the most probable token.
        top_p: keeps the smallest set of most probable tokens whose probability (at `temperature`) reaches it.
        need_entropy: whether to work out entropies.

    Raises:
        ValueError: a row has NaN or no finite logit.
    """
    scores = logits.double()
    scores = (scores - scores.amax(-1, keepdim=True)).clamp_(min=_LOWEST)
    weights = scores.exp()
    sums = weights.cumsum(-1)
    total = sums[:, -1]
    if not bool(torch.isfinite(total).all()):
        raise ValueError("the model's logits are not finite: its weights are damaged or it overflows in this dtype")
    tokens = _draw(scores, weights, sums, uniforms, temperature, top_p)
    log_total = total.log()
    logprobs = scores.gather(1, tokens[:, None])[:, 0] - log_total
    entropies = None
    if need_entropy:
        entropies = (log_total - (weights * scores).sum(-1) / total).clamp_(min=0).float()
    return Choice(tokens, logprobs.float(), entropies)


def _draw(scores: Tensor, weights: Tensor, sums: Tensor, uniforms: Tensor, temperature: float, top_p: float) -> Tensor:
    if temperature == 0:
        return scores.argmax(-1)
    if temperature != 1:
        weights = (scores / temperature).clamp_(min=_LOWEST).exp()
    if top_p < 1:
        weights = keep_nucleus(weights, top_p)
    if temperature != 1 or top_p < 1:
        sums = weights.cumsum(-1)
    targets = uniforms * sums[:, -1]
    return torch.searchsorted(sums, targets[:, None], right=True)[:, 0]


def keep_nucleus(weights: Tensor, top_p: float) -> Tensor:
    """Zero all but the smallest set of largest weights that holds a share top_p of each row's sum.

    Holtzman et al. (arXiv 1904.09751). Of equal weights at the edge the lower token ids stay.
    """
    ordered, order = weights.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(-1) - ordered
    kept = before < top_p * weights.sum(-1, keepdim=True)
    return torch.zeros_like(weights).scatter_(-1, order, ordered * kept)
