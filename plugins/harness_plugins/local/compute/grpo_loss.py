"""GRPO's loss over one minibatch, its gradient, and what the metrics say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from harness_plugins.local.compute.layout import Text, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness_plugins.local.compute.forward import Scorer
    from harness_plugins.local.compute.grpo_rollout import Group
    from harness_plugins.local.grpo_settings import Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One completion to learn from."""

    text: Text
    old: NDArray[np.float32]
    """log p of its tokens under the policy that drew it, nats."""
    reference: NDArray[np.float32] | None
    """The same under the start model; None where KL is off."""
    advantage: float


@dataclass(slots=True, kw_only=True)
class Tally:
    """Sums over the tokens of all updates of a step."""

    tokens: int = 0
    clipped: float = 0.0
    policy_kl: float = 0.0
    reference_kl: float = 0.0


def advantages(rewards: NDArray[np.float64], params: Params) -> NDArray[np.float64]:
    """Return how much better than its group each completion did, shape (completions,).

    (r - mean) / (std + epsilon) with the unbiased deviation, Shao et al. 2024 (arXiv 2402.03300), section 4.1.2; without the
    division, Liu et al. 2025 (arXiv 2503.20783).
    """
    centred = rewards - rewards.mean()
    scale = float(rewards.std(ddof=1)) + params.advantage_epsilon if params.scale_by_std else 1.0
    return np.asarray(centred / scale)


def group_rows(group: Group, params: Params, reference: Scorer | None) -> list[Row]:
    """Turn a group into rows; the reference model, if any, scores them here."""
    texts = [Text(prompt=group.prompt, response=completion.tokens) for completion in group.completions]
    scored = reference_logprobs(reference, texts, params.micro_batch_tokens) if reference else [None] * len(texts)
    paid = advantages(group.rewards, params).tolist()
    parts = zip(texts, group.completions, scored, paid, strict=True)
    return [Row(text=t, old=c.logprobs, reference=r, advantage=a) for t, c, r, a in parts]


@torch.no_grad()
def reference_logprobs(scorer: Scorer, texts: Sequence[Text], max_tokens: int) -> list[NDArray[np.float32]]:
    """Score texts without gradients; one array a text, shape (tokens,)."""
    found: list[NDArray[np.float32]] = [np.empty(0, dtype=np.float32)] * len(texts)
    for part in cut(texts, max_tokens):
        flat = scorer.logprobs([texts[i] for i in part]).cpu().numpy()
        ends = np.cumsum([len(texts[i].response) for i in part])
        for index, own in zip(part, np.split(flat, ends[:-1]), strict=True):
            found[index] = own
    return found


def accumulate(scorer: Scorer, rows: Sequence[Row], params: Params, tally: Tally) -> float:
    """Add the gradient of a minibatch's loss to the parameters' gradients; return the loss.

    Rows without an effect (advantage 0 and no KL) are counted in the denominator and otherwise skipped.
    """
    num_tokens = sum(len(row.text.response) for row in rows)
    active = [row for row in rows if row.advantage or params.kl]
    total = 0.0
    for part in cut([row.text for row in active], params.micro_batch_tokens):
        chosen = [active[i] for i in part]
        lengths = torch.tensor([len(row.text.response) for row in chosen])
        weights = 1.0 / num_tokens if params.loss_mean == "token" else 1.0 / (lengths * len(rows))
        weights = torch.as_tensor(weights).expand(len(chosen)).repeat_interleave(lengths).to(scorer.device)
        losses = token_losses(scorer.logprobs([row.text for row in chosen]), chosen, lengths, params, tally)
        loss = (losses * weights).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total


def token_losses(logprobs: Tensor, rows: Sequence[Row], lengths: Tensor, params: Params, tally: Tally) -> Tensor:
    """Return each token's loss, shape (tokens,); adds to the tally.

    -min(ratio A, clip(ratio, 1 - low, 1 + high) A) + kl (e^d - d - 1), d = log p_reference - log p (k3, Schulman 2020,
    http://joschu.net/blog/kl-approx.html).
    """
    device = logprobs.device
    gains = torch.tensor([row.advantage for row in rows], dtype=torch.float32).repeat_interleave(lengths).to(device)
    difference = logprobs - torch.from_numpy(np.concatenate([row.old for row in rows])).to(device)
    ratio = difference.exp()
    low = params.clip if params.clip_low is None else params.clip_low
    high = params.clip if params.clip_high is None else params.clip_high
    losses = -torch.minimum(ratio * gains, ratio.clamp(1 - low, 1 + high) * gains)
    with torch.no_grad():
        tally.tokens += len(losses)
        tally.clipped += float(((ratio < 1 - low) | (ratio > 1 + high)).sum())
        tally.policy_kl += float((ratio - 1 - difference).sum())
    references = [row.reference for row in rows if row.reference is not None]
    if params.kl and references:
        drift = torch.from_numpy(np.concatenate(references)).to(device) - logprobs
        k3 = drift.exp() - drift - 1
        tally.reference_kl += float(k3.detach().sum())
        losses = losses + params.kl * k3
    return losses
