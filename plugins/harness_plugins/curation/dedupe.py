"""dedupe: drop examples that repeat an earlier one, word for word or nearly.

Exact: equal after Unicode composition (NFC) and collapsing of white space. Near: Jaccard similarity of the sets
of character n-grams at or above a threshold, computed exactly (no MinHash) with the prefix filter of Bayardo et
al. (2007, "Scaling up all pairs similarity search"). Cost of near: about 70 bytes of memory a character; time grows with
the number of pairs that share a rare n-gram: 8,800 texts of 625 characters took 4 CPU-seconds, and 2,200 took 0.7.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from harness import Context, Curated, Curation, Example, hookimpl


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of `dedupe`."""

    by: Literal["prompt-response", "prompt"] = "prompt-response"
    """What two examples must share; `prompt` keeps one response a prompt."""
    near: Annotated[float, Gt(0), Le(1)] | None = None
    """Also drop examples whose Jaccard similarity to an earlier kept one is at least this, in (0, 1]; null: only
    exact repeats go."""
    ngram: Annotated[int, Ge(1), Le(64)] = 8
    """Characters an n-gram, for `near`; 8 is about a word and a half of English."""
    ignore_case: bool = False
    """Treat upper and lower case alike; off, since in mathematics `x` and `X` differ."""


def drop_repeats(data: Curated, params: Params, _context: Context) -> Curated:
    """Keep the first of each group of repeats, in the order they came in."""
    texts = [_normal(example, params) for example in data.examples]
    first = {text: i for i, text in reversed(list(enumerate(texts)))}
    kept = sorted(first.values())
    if params.near is not None:
        from harness_plugins.curation.near import first_of_near

        kept = [kept[i] for i in first_of_near([texts[i] for i in kept], params.near, params.ngram)]
    return replace(data, examples=tuple(data.examples[i] for i in kept))


def _normal(example: Example, params: Params) -> str:
    fields = (example.prompt, example.response) if params.by == "prompt-response" else (example.prompt,)
    # The unit separator is white space to \s, so it is added after the white space is collapsed.
    text = "\x1f".join(re.sub(r"\s+", " ", unicodedata.normalize("NFC", field)).strip() for field in fields)
    return text.casefold() if params.ignore_case else text


@hookimpl
def harness_curations() -> Iterator[Curation]:
    """Offer `dedupe`."""
    yield Curation(
        name="dedupe",
        version="1",
        summary="drop examples that repeat an earlier one, word for word or nearly",
        params=Params,
        selects=False,
        load=lambda: drop_repeats,
    )
