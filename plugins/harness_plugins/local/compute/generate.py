"""Generate many samples a prompt: prefill once, drop finished rows, draw by counters.

A completion depends on (weights, prompt, sampling, seed, problem id, index) and on nothing else, as far as the
model's logits do not depend on the batch; family_decoder says where they do not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness_plugins.local.compute.choose import choose
from harness_plugins.local.compute.counter import stream_key, uniforms
from harness_plugins.local.compute.family import family_of
from harness_plugins.local.compute.family_decoder import FamilyDecoder
from harness_plugins.local.compute.generic_decoder import GenericDecoder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from harness_plugins.local.compute.choose import Choice
    from harness_plugins.local.compute.decoder import Decoder

_POSITIONS_AT_ONCE = 16
"""Uniform numbers worked out at a time for each row; even, since a Philox block serves two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Samples first_index .. first_index + num_samples - 1 of one prompt."""

    problem_id: str
    prompt: Sequence[int]
    """Token ids, at least one."""
    seed: int
    first_index: int
    num_samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One sample."""

    problem_id: str
    index: int
    tokens: list[int]
    """The end-of-sequence token included where there is one."""
    logprobs: NDArray[np.float32]
    """log p of each token at temperature 1, nats, shape (tokens,)."""
    entropies: NDArray[np.float32]
    """Next-token entropy at temperature 1 where each token was due, nats, shape (tokens,); empty if not asked for."""
    stopped: bool
    """Whether the model ended it; else it was cut at max_tokens or at the model's context."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    max_tokens: int
    temperature: float
    top_p: float
    eos_ids: frozenset[int]
    need_entropy: bool


def decoder_of(model: Any) -> Decoder:
    """Wrap a live transformers model for generation; cheap enough to call after every update of the weights."""
    family = family_of(model)
    return GenericDecoder(model) if family is None else FamilyDecoder(family)


def generate(
    decoder: Decoder,
    streams: Sequence[Stream],
    *,
    max_tokens: int,
    temperature: float,
    top_p: float = 1.0,
    eos_ids: Collection[int],
    max_rows: int = 2048,
    max_cache_bytes: int = 2**30,
    need_entropy: bool = True,
) -> Iterator[Completion]:
    """Yield every sample of every stream, batch by batch.

    Args:
        decoder: from `decoder_of`; the weights must not change until the iterator ends.
        streams: (problem_id, seed) pairs should be unique, or samples of equal index share their random numbers.
        max_tokens: completion length at which a sample is cut.
        temperature: 0 is greedy.
        top_p: share of probability to sample from, in (0, 1].
        eos_ids: tokens that end a completion.
        max_rows: samples under way at once; no sample depends on it.
        max_cache_bytes: keys and values at once; lowers the rows further, to one at least.
        need_entropy: whether to fill Completion.entropies.

    Raises:
        ValueError: a prompt is empty or fills the model's context, or the logits are not finite.
    """
    ends = frozenset(eos_ids)
    rule = _Rule(max_tokens=max_tokens, temperature=temperature, top_p=top_p, eos_ids=ends, need_entropy=need_entropy)
    _check(streams, decoder.context)
    ordered = sorted((stream for stream in streams if stream.num_samples > 0), key=lambda stream: len(stream.prompt))
    groups = [ordered]
    if not decoder.mixes_lengths:
        groups = [list(group) for _, group in groupby(ordered, key=lambda stream: len(stream.prompt))]
    for group in groups:
        for batch in _batches(group, decoder, max_tokens, max_rows, max_cache_bytes):
            yield from _run(decoder, batch, rule)


def _check(streams: Sequence[Stream], context: int | None) -> None:
    for stream in streams:
        if not len(stream.prompt):
            raise ValueError(f"problem {stream.problem_id!r}: its prompt has no tokens")
        if context is not None and len(stream.prompt) >= context:
            raise ValueError(
                f"problem {stream.problem_id!r}: its prompt has {len(stream.prompt)} tokens, "
                f"but the model's context holds {context}"
            )


def _batches(
    streams: Sequence[Stream], decoder: Decoder, max_tokens: int, max_rows: int, max_cache_bytes: int
) -> Iterator[list[Stream]]:
    """Cut streams, sorted by prompt length, into batches of about equal numbers of rows."""
    total = sum(stream.num_samples for stream in streams)
    if not total:
        return
    row_bytes = decoder.row_bytes(len(streams[-1].prompt) + max_tokens)
    most = max(1, min(max_rows, max_cache_bytes // max(1, row_bytes)))
    size = -(-total // -(-total // most))
    batch: list[Stream] = []
    free = size
    for stream in streams:
        first, end = stream.first_index, stream.first_index + stream.num_samples
        while first < end:
            taken = min(free, end - first)
            batch.append(_cut(stream, first, taken))
            first, free = first + taken, free - taken
            if not free:
                yield batch
                batch, free = [], size
    if batch:
        yield batch


def _cut(stream: Stream, first: int, num_samples: int) -> Stream:
    return Stream(
        problem_id=stream.problem_id, prompt=stream.prompt, seed=stream.seed, first_index=first, num_samples=num_samples
    )


class _Log:
    """What was drawn, step by step, to be sorted by row at the end."""

    def __init__(self) -> None:
        self.rows: list[NDArray[np.int64]] = []
        self.choices: list[Choice] = []

    def add(self, rows: NDArray[np.int64], choice: Choice) -> None:
        self.rows.append(rows)
        self.choices.append(choice)

    def by_row(self, num_rows: int) -> Iterator[tuple[list[int], NDArray[np.float32], NDArray[np.float32]]]:
        rows = np.concatenate(self.rows)
        order = np.argsort(rows, kind="stable")
        ends = np.cumsum(np.bincount(rows, minlength=num_rows))
        tokens = torch.cat([choice.tokens for choice in self.choices]).cpu().numpy()[order]
        logprobs = torch.cat([choice.logprobs for choice in self.choices]).cpu().numpy()[order]
        asked = [choice.entropies for choice in self.choices if choice.entropies is not None]
        entropies = torch.cat(asked).cpu().numpy()[order] if asked else logprobs[:0]
        for start, end in zip((0, *ends[:-1]), ends, strict=True):
            yield tokens[start:end].tolist(), logprobs[start:end], entropies[start:end]


@torch.inference_mode()
def _decode(decoder: Decoder, streams: Sequence[Stream], rule: _Rule) -> _Log:
    """Draw all rows of one batch to their ends."""
    lengths = np.repeat([len(s.prompt) for s in streams], [s.num_samples for s in streams])
    room = min(rule.max_tokens, (decoder.context or 2**62) - int(lengths.min()))
    limits = np.minimum(rule.max_tokens, (decoder.context or 2**62) - lengths)
    keys, indices = _counters(streams)
    rows = np.arange(len(lengths))
    log = _Log()
    batch, logits = decoder.start([s.prompt for s in streams], [s.num_samples for s in streams], room)
    is_end = torch.zeros(logits.shape[-1], dtype=torch.bool, device=decoder.device)
    is_end[[token for token in rule.eos_ids if token < len(is_end)]] = True
    draws = torch.empty(0)
    for t in range(room):
        column = t % _POSITIONS_AT_ONCE
        if column == 0:
            fresh = uniforms(keys[rows], indices[rows], t, _POSITIONS_AT_ONCE)
            draws = torch.from_numpy(fresh).to(decoder.device)
        choice = choose(
            logits,
            draws[:, column],
            temperature=rule.temperature,
            top_p=rule.top_p,
            need_entropy=rule.need_entropy,
        )
        log.add(rows, choice)
        tokens = choice.tokens
        is_done = is_end[tokens].cpu().numpy() | (t + 1 >= limits[rows])
        if is_done.any():
            if is_done.all():
                break
            order = batch.keep(~is_done)
            rows, places = rows[order], torch.from_numpy(order).to(decoder.device)
            tokens, draws = tokens[places], draws[places]
        logits = batch.step(tokens)
    return log


def _run(decoder: Decoder, streams: Sequence[Stream], rule: _Rule) -> Iterator[Completion]:
    names = [(s.problem_id, s.first_index + i) for s in streams for i in range(s.num_samples)]
    log = _decode(decoder, streams, rule)
    for (problem_id, index), (tokens, logprobs, entropies) in zip(names, log.by_row(len(names)), strict=True):
        yield Completion(
            problem_id=problem_id,
            index=index,
            tokens=tokens,
            logprobs=logprobs,
            entropies=entropies,
            stopped=tokens[-1] in rule.eos_ids,
        )


def _counters(streams: Sequence[Stream]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Key words (rows, 2) and sample indices (rows,) of a batch."""
    counts = [s.num_samples for s in streams]
    keys = np.repeat(np.array([stream_key(s.seed, s.problem_id) for s in streams], dtype=np.uint64), counts, axis=0)
    indices = np.concatenate([np.arange(s.first_index, s.first_index + s.num_samples) for s in streams])
    return keys, indices.astype(np.uint64)
