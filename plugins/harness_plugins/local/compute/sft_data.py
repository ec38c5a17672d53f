"""From examples to batches of token ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import DataError
from harness_plugins.local.compute.layout import Text
from harness_plugins.local.compute.seeds import seed_from, shuffled
from harness_plugins.local.compute.tokens import prompt_ids, response_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness import Example
    from harness_plugins.local.compute.folder import LoadedFolder
    from harness_plugins.local.sft_settings import Params

_WINDOW = 8
"""Batches whose examples are sorted by length together, under `bucket`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SftData:
    """Encoded examples."""

    texts: tuple[Text, ...]
    num_too_long: int
    """Examples that were dropped or cut."""


def encode(examples: Sequence[Example], loaded: LoadedFolder, params: Params) -> SftData:
    """Encode examples, dealing with those that are too long.

    Raises:
        DataError: nothing is left, or an example has no prompt tokens, no response, or is too long under `refuse`.
    """
    if not examples:
        raise DataError("local-sft: there are no examples to train on; check the data source and the curation")
    limit = min(params.max_tokens, (loaded.context or params.max_tokens - 1) + 1)
    texts = []
    num_too_long = 0
    for example in examples:
        text = _encode(example, loaded)
        num_tokens = len(text.prompt) + len(text.response)
        if num_tokens > limit:
            num_too_long += 1
            if params.too_long == "refuse":
                raise DataError(
                    f"local-sft: example {example.id!r} has {num_tokens} tokens, over {limit}; drop or cut it (too_long)"
                )
            if params.too_long == "drop" or len(text.prompt) >= limit:
                continue
            text = Text(prompt=text.prompt, response=text.response[: limit - len(text.prompt)])
        texts.append(text)
    if not texts:
        raise DataError(
            f"local-sft: all {len(examples)} examples are longer than {limit} tokens; raise max_tokens or cut them"
        )
    return SftData(texts=tuple(texts), num_too_long=num_too_long)


def _encode(example: Example, loaded: LoadedFolder) -> Text:
    prompt = prompt_ids(loaded.tokenizer, example.prompt)
    if not prompt:
        raise DataError(
            f"local-sft: example {example.id!r} has an empty prompt; give it one, or a tokenizer with a begin token"
        )
    if not example.response:
        raise DataError(f"local-sft: example {example.id!r} has an empty response; there is nothing to learn from it")
    return Text(prompt=tuple(prompt), response=response_ids(loaded.tokenizer, example.response, loaded.end_ids[0]))


def epoch_batches(texts: Sequence[Text], epoch: int, seed: int, params: Params) -> list[list[Text]]:
    """Return an epoch's batches; a function of (texts, epoch, seed) alone."""
    size = params.batch_size
    order = shuffled(len(texts), seed, "sft", epoch)
    if params.packing == "pack":
        batches = [order[i : i + size] for i in range(0, len(order), size)]
    else:
        batches = _bucketed(texts, order, size, seed_from(seed, "sft buckets", epoch))
    return [[texts[i] for i in batch] for batch in batches]


def _bucketed(texts: Sequence[Text], order: Sequence[int], size: int, seed: int) -> list[list[int]]:
    batches = []
    for start in range(0, len(order), size * _WINDOW):
        window = sorted(order[start : start + size * _WINDOW], key=lambda i: texts[i].num_inputs)
        cuts = [window[i : i + size] for i in range(0, len(window), size)]
        batches += [cuts[i] for i in shuffled(len(cuts), seed, start)]
    return batches
