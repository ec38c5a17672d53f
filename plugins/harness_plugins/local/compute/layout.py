"""Lay texts out for one forward pass: every token once, no padding but inside attention, a shared prompt only once.

Linear layers and norms, where most of the time goes, see the tokens as one flat list. Attention sees padded blocks of texts
of like length, gathered from that list; a prompt that several texts share is gathered into each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LEAST_ROWS = 8
"""Rows a block has before a new one is worth its overhead."""
_LEAST_FILL = 0.8
"""Length, as a share of the block's longest, below which a new block is begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A prompt and the response whose tokens are to be scored."""

    prompt: tuple[int, ...]
    """Token ids, at least one."""
    response: Sequence[int]
    """Token ids, at least one; the last is only predicted, never read."""

    @property
    def num_inputs(self) -> int:
        """Tokens the model reads."""
        return len(self.prompt) + len(self.response) - 1


@dataclass(frozen=True, slots=True)
class Block:
    """Texts that attention handles together."""

    gather: Tensor
    """Index into the flat list for each place, padding at the right pointing anywhere; shape (rows * width,)."""
    rows: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where every token is. Places are counted through all blocks, row by row."""

    ids: Tensor
    """Input tokens, shape (inputs,)."""
    positions: Tensor
    """Their positions in their texts, shape (inputs,)."""
    blocks: tuple[Block, ...]
    home: Tensor
    """For each input, the place that holds its attention output, shape (inputs,)."""
    predictors: Tensor
    """For each response token, text by text, the input that predicts it, shape (responses,)."""
    predictor_places: Tensor
    """The places of those inputs, each in its own text, shape (responses,)."""
    targets: Tensor
    """The response tokens, shape (responses,)."""


def lay_out(texts: Sequence[Text], device: torch.device) -> Layout:
    """Lay texts out; response tokens keep the order of the texts."""
    prompt_starts: dict[tuple[int, ...], int] = {}
    ids: list[int] = []
    positions: list[NDArray[np.int64]] = []
    sources: list[NDArray[np.int64]] = []
    for text in texts:
        length = len(text.prompt)
        if text.prompt not in prompt_starts:
            prompt_starts[text.prompt] = len(ids)
            ids += text.prompt
            positions.append(np.arange(length))
        start, own = prompt_starts[text.prompt], len(ids)
        ids += text.response[:-1]
        positions.append(np.arange(length, text.num_inputs))
        sources.append(np.concatenate([np.arange(start, start + length), np.arange(own, len(ids))]))
    blocks, places = _blocks(sources, device)
    home = np.empty(len(ids), dtype=np.int64)
    for source, place in zip(sources, places, strict=True):
        home[source] = np.arange(place, place + len(source))
    first = [len(text.prompt) - 1 for text in texts]
    predictors = np.concatenate([source[skip:] for source, skip in zip(sources, first, strict=True)])
    own_places = [np.arange(p + skip, p + len(s)) for p, s, skip in zip(places, sources, first, strict=True)]
    return Layout(
        ids=torch.tensor(ids, device=device),
        positions=torch.from_numpy(np.concatenate(positions)).to(device),
        blocks=blocks,
        home=torch.from_numpy(home).to(device),
        predictors=torch.from_numpy(predictors).to(device),
        predictor_places=torch.from_numpy(np.concatenate(own_places)).to(device),
        targets=torch.tensor([token for text in texts for token in text.response], device=device),
    )


def _blocks(sources: Sequence[NDArray[np.int64]], device: torch.device) -> tuple[tuple[Block, ...], list[int]]:
    """Cut texts into blocks, longest first; return them and the place where each text starts."""
    order = sorted(range(len(sources)), key=lambda index: -len(sources[index]))
    cuts: list[list[int]] = []
    for index in order:
        if not cuts or (len(cuts[-1]) >= _LEAST_ROWS and len(sources[index]) < _LEAST_FILL * len(sources[cuts[-1][0]])):
            cuts.append([])
        cuts[-1].append(index)
    places = [0] * len(sources)
    blocks = []
    total = 0
    for members in cuts:
        width = len(sources[members[0]])
        gather = np.zeros((len(members), width), dtype=np.int64)
        for row, index in enumerate(members):
            # Padding repeats the text's own first token: spread out, so that no gradient piles up in one place.
            gather[row] = sources[index][0]
            gather[row, : len(sources[index])] = sources[index]
            places[index] = total + row * width
        blocks.append(Block(torch.from_numpy(gather.ravel()).to(device), len(members), width))
        total += gather.size
    return tuple(blocks), places


def cut(texts: Sequence[Text], max_tokens: int) -> list[list[int]]:
    """Group texts, by their indices, into parts of at most max_tokens padded tokens each, or of one text.

    Texts of like length go together; texts that share a prompt stay together where they fit.
    """
    longest: dict[tuple[int, ...], int] = {}
    for text in texts:
        longest[text.prompt] = max(longest.get(text.prompt, 0), text.num_inputs)
    order = sorted(range(len(texts)), key=lambda i: (longest[texts[i].prompt], texts[i].prompt, texts[i].num_inputs))
    parts: list[list[int]] = []
    width = 0
    for index in order:
        width = max(width, texts[index].num_inputs)
        if not parts or width * (len(parts[-1]) + 1) > max_tokens:
            parts.append([])
            width = texts[index].num_inputs
        parts[-1].append(index)
    return parts
