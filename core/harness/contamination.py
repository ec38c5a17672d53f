r"""Contamination: benchmark problems that stand among the training problems, word for word or nearly.

Texts are compared as sequences of tokens: lowercase words, LaTeX commands, numbers and operators; white space, LaTeX spacing
(`\,` `\quad` `~`), `\left`, `$` and other delimiters, braces and the marks of a sentence are left out. Signs stay, since
x + 3 and x - 3 are two problems. Three kinds, the strongest first:

- exact: the problem's text stands in a training prompt character for character;
- normalised: its tokens stand there in one run;
- ngram: of its distinct n-grams at least the share asked for occurs in one training prompt.

n = 13 is the n-gram of GPT-3's contamination study (Brown et al. 2020, arXiv 2005.14165, appendix C), which calls a single
shared one contamination; competition problems share stock phrases, so a share of them is asked for here. A problem of fewer
than 8 tokens (the same study's least) stands anywhere by chance: it overlaps only with a training prompt that is equal as a
whole. Only prompts are searched, not the worked traces behind them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

Kind = Literal["exact", "normalised", "ngram"]
KINDS: tuple[Kind, ...] = ("exact", "normalised", "ngram")
LEAST_TOKENS = 8
CHUNK = 20_000
"""Training prompts searched at once; bounds memory."""

_SPACING = re.compile(r"\\[,;:!> ]|\\(?:quad|qquad|displaystyle|left|right)(?![a-z])|[~$]|\\[()\[\]]")
_TOKEN = re.compile(r"\\?[^\W\d_]+|\d+(?:\.\d+)?|[-+*/=<>^_|%!\u00b7\u00d7\u00f7\u2260\u2264\u2265]")
_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What counts as overlap."""

    ngram: int = 13
    """Tokens in an n-gram."""
    share: float = 0.5
    """Share of a problem's distinct n-grams that one training prompt must hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A problem's statement, or a training prompt."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A benchmark problem and the training prompt it overlaps with most; of equals the first."""

    problem: str
    example: str
    kind: Kind
    share: float
    """Of the problem's distinct n-grams, in that prompt; 1 for the stronger kinds."""


def tokens_of(text: str) -> tuple[str, ...]:
    r"""Return the tokens by which texts are compared; \dfrac and \tfrac are \frac."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("\N{MINUS SIGN}", "-")
    plain = _SPACING.sub(" ", plain.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac"))
    return tuple(_TOKEN.findall(plain))


def find_overlap(problems: Sequence[Text], training: Sequence[Text], rule: Rule) -> tuple[Match, ...]:
    """Find each problem's strongest overlap with the training prompts, in the order of the problems.

    Linear in the texts: 3,000 problems against 40,000 prompts take a few seconds.
    """
    wanted = [tokens_of(problem.text) for problem in problems]
    best: dict[int, Match] = {}
    for start in range(0, len(training), CHUNK):
        part = training[start : start + CHUNK]
        found = [tokens_of(example.text) for example in part]
        for number, place, share in _candidates(wanted, found, rule):
            match = _judged(problems[number], wanted[number], part[place], found[place], share, rule)
            if match and (number not in best or _strength(match) > _strength(best[number])):
                best[number] = match
    return tuple(best[number] for number in sorted(best))


def _strength(match: Match) -> tuple[int, float]:
    return -KINDS.index(match.kind), match.share


def _judged(
    problem: Text, tokens: tuple[str, ...], example: Text, others: tuple[str, ...], share: float, rule: Rule
) -> Match | None:
    """Say of a pair that may overlap whether and how it does."""
    kind: Kind | None = "ngram" if share >= rule.share and len(tokens) >= rule.ngram else None
    text = problem.text.strip()
    if len(tokens) < LEAST_TOKENS:
        kind = "exact" if text == example.text.strip() else "normalised" if tokens == others and tokens else None
    elif share == 1.0 and _stands_in(tokens, others):
        kind = "exact" if text in example.text else "normalised"
    return None if kind is None else Match(problem=problem.id, example=example.id, kind=kind, share=share)


def _stands_in(tokens: tuple[str, ...], others: tuple[str, ...]) -> bool:
    size = len(tokens)
    return any(others[i : i + size] == tokens for i in range(len(others) - size + 1) if others[i] == tokens[0])


def _candidates(
    wanted: Sequence[tuple[str, ...]], found: Sequence[tuple[str, ...]], rule: Rule
) -> Iterator[tuple[int, int, float]]:
    """Yield (problem, prompt, share) of every pair worth a look, problems with few tokens first."""
    by_tokens: dict[tuple[str, ...], list[int]] = {}
    for place, tokens in enumerate(found):
        by_tokens.setdefault(tokens, []).append(place)
    for number, tokens in enumerate(wanted):
        if len(tokens) < LEAST_TOKENS:
            yield from ((number, place, 1.0) for place in by_tokens.get(tokens, ()))
    lines, held = _Lines.of(wanted), _Lines.of(found)
    sizes = {min(rule.ngram, len(tokens)) for tokens in wanted if len(tokens) >= LEAST_TOKENS}
    for size in sorted(sizes):
        own = [n for n, tokens in enumerate(wanted) if len(tokens) >= LEAST_TOKENS and min(rule.ngram, len(tokens)) == size]
        for number, place in _shared(lines.grams(size, own).once(), held.grams(size), len(wanted), rule.share):
            grams = _grams_of(wanted[number], size)
            yield number, place, len(grams & _grams_of(found[place], size)) / len(grams)


@dataclass(frozen=True, slots=True)
class _Grams:
    """n-grams as 64-bit hashes, shape (grams,), with the number of the text each stands in."""

    hashes: NDArray[np.uint64]
    texts: NDArray[np.int64]

    def once(self) -> _Grams:
        """Return each n-gram of a text once."""
        order = np.lexsort((self.hashes, self.texts))
        hashes, texts = self.hashes[order], self.texts[order]
        fresh = np.append(True, (np.diff(hashes) != 0) | (np.diff(texts) != 0))[: len(hashes)]
        return _Grams(hashes[fresh], texts[fresh])


@dataclass(frozen=True, slots=True)
class _Lines:
    """Texts as token codes, one after another."""

    codes: NDArray[np.uint64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[tuple[str, ...]]) -> _Lines:
        lengths = np.array([len(tokens) for tokens in texts], dtype=np.int64)
        flat = (_code(token) for tokens in texts for token in tokens)
        return cls(np.fromiter(flat, dtype=np.uint64, count=int(lengths.sum())), lengths)

    def grams(self, size: int, only: Sequence[int] | None = None) -> _Grams:
        """Return the n-grams of all texts, or of some of them; none crosses the end of its text."""
        owners = np.repeat(np.arange(len(self.lengths)), self.lengths)
        ends = np.repeat(np.cumsum(self.lengths), self.lengths)
        count = max(0, len(self.codes) - size + 1)
        hashes = np.zeros(count, dtype=np.uint64)
        for place in range(size):
            hashes = hashes * _STEP + self.codes[place : place + count]
        keep = np.arange(count) + size <= ends[:count]
        if only is not None:
            keep &= np.isin(owners[:count], np.array(only, dtype=np.int64))
        return _Grams(hashes[keep], owners[:count][keep])


def _shared(own: _Grams, held: _Grams, num_problems: int, least: float) -> Iterator[tuple[int, int]]:
    """Yield (problem, prompt) of every pair that may share enough n-grams.

    A prompt that holds a share of a problem's T n-grams holds one of its T - ceil(share T) + 1 rarest (the prefix filter of
    set-similarity joins: Chaudhuri, Ganti and Kaushik 2006, ICDE). Looking for those alone spares the stock phrases.
    """
    known = np.unique(held.hashes, return_counts=True)
    place = np.searchsorted(known[0], own.hashes).clip(max=max(0, len(known[0]) - 1))
    if not len(known[0]):
        return
    times = np.where(known[0][place] == own.hashes, known[1][place], 0)
    order = np.lexsort((own.hashes, times, own.texts))
    totals = np.bincount(own.texts, minlength=num_problems)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(totals) - totals, totals)
    rare = order[(rank <= totals[own.texts[order]] - np.ceil(least * totals[own.texts[order]])) & (times[order] > 0)]
    rare = rare[np.argsort(own.hashes[rare], kind="stable")]
    first, end = (np.searchsorted(own.hashes[rare], held.hashes, side=side) for side in ("left", "right"))
    pairs: set[tuple[int, int]] = set()
    for hit in np.flatnonzero(end > first):
        place_of = int(held.texts[hit])
        pairs.update((number, place_of) for number in own.texts[rare[first[hit] : end[hit]]].tolist())
    yield from sorted(pairs)


def _grams_of(tokens: tuple[str, ...], size: int) -> set[tuple[str, ...]]:
    return {tokens[i : i + size] for i in range(len(tokens) - size + 1)}


@cache
def _code(token: str) -> int:
    return int.from_bytes(blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def counted(matches: Sequence[Match]) -> Mapping[Kind, int]:
    """Count the overlapping problems of each kind."""
    return {kind: sum(match.kind == kind for match in matches) for kind in KINDS}
