"""Near-duplicate texts by exact Jaccard similarity of character n-grams."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Odd 64-bit multipliers (splitmix64) that spread code points and n-gram positions over the whole word.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_BASE = np.uint64(0xBF58476D1CE4E5B9)


def first_of_near(texts: Sequence[str], threshold: float, ngram: int) -> list[int]:
    """Return the positions of the texts that are not near to an earlier kept one, ascending.

    Two texts are near where |A & B| / |A | B| >= threshold for their sets of n-grams. n-grams are held as 64-bit hashes.

    Args:
        texts: the texts, in order of preference.
        threshold: Jaccard similarity in (0, 1].
        ngram: characters an n-gram; a shorter text is its own single n-gram.
    """
    sets = _by_rarity([_ngrams(text, ngram) for text in texts])
    index: dict[int, list[int]] = {}
    kept: list[int] = []
    for i, grams in enumerate(sets):
        # Sets this similar share at least one of their rarest |A| - ceil(t |A|) + 1 members.
        prefix = grams[: len(grams) - ceil(threshold * len(grams) - 1e-9) + 1].tolist()
        candidates = {j for gram in prefix for j in index.get(gram, ())}
        if any(_jaccard(grams, sets[j]) >= threshold - 1e-12 for j in sorted(candidates)):
            continue
        kept.append(i)
        for gram in prefix:
            index.setdefault(gram, []).append(i)
    return kept


def _ngrams(text: str, size: int) -> NDArray[np.uint64]:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    codes = (codes + np.uint64(1)) * _SPREAD
    codes ^= codes >> np.uint64(29)
    windows = max(len(codes) - size + 1, 1)
    hashes = np.zeros(windows, dtype=np.uint64)
    for offset in range(min(size, len(codes))):
        hashes = hashes * _BASE + codes[offset : offset + windows]
    return np.unique(hashes)


def _by_rarity(sets: list[NDArray[np.uint64]]) -> list[NDArray[np.int64]]:
    """Number the n-grams from the rarest to the most frequent, and return each set as sorted numbers."""
    if not sets:
        return []
    _, inverse, counts = np.unique(np.concatenate(sets), return_inverse=True, return_counts=True)
    number = np.empty(len(counts), dtype=np.int64)
    number[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    ends = np.cumsum([len(grams) for grams in sets])[:-1]
    return [np.sort(grams) for grams in np.split(number[inverse.ravel()], ends)]


def _jaccard(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared)
