"""What a server's answers say: completions with their log-probabilities, and those of a prompt's tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

NO_LOGPROBS = "the server gives no log-probabilities with its completions; set logprobs to false"


class ReplyError(RuntimeError):
    """An answer is not what the interface promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One choice of an answer."""

    text: str
    num_tokens: int
    finish: Literal["stop", "length"]
    logprob: float
    """Sum over its tokens, nats; NaN where log-probabilities were not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptScores:
    """Log-probabilities and ranks of the tokens of a prompt from some token on; shape (tokens,) both."""

    logprobs: NDArray[np.float32]
    ranks: NDArray[np.int32] | NDArray[np.float32]
    """NaN where the server does not tell."""


def completions(answer: Mapping[str, Any], wanted: int, *, has_logprobs: bool) -> list[Completion]:
    """Read the choices of an answer, in the order of their indexes.

    Args:
        answer: of completions or of chat/completions.
        wanted: choices asked for; 1 where there are no log-probabilities, since tokens are then told of all together.
        has_logprobs: whether they were asked for.

    Raises:
        ReplyError: there are others than those, or they lack something.
    """
    choices = sorted(_list(answer, "choices"), key=lambda choice: int(choice.get("index", 0)))
    if len(choices) != wanted:
        raise ReplyError(f"the server was asked for n={wanted} and gave {len(choices)} choices; lower n_max to 1")
    return [_completion(choice, answer, has_logprobs=has_logprobs) for choice in choices]


def prompt_scores(answer: Mapping[str, Any], ids: Sequence[int], start: int) -> PromptScores:
    """Read the scores of a prompt's tokens from `start` on.

    vLLM's prompt_logprobs tell log-probability and rank; an echoed prompt tells the first only.

    Args:
        answer: of completions.
        ids: the prompt's tokens.
        start: first token wanted.

    Raises:
        ReplyError: the answer has neither for each token.
    """
    (choice,) = _list(answer, "choices")[:1] or [{}]
    rows = choice.get("prompt_logprobs") or answer.get("prompt_logprobs")
    if rows:
        found = [_own(rows, place, ids) for place in range(start, len(ids))]
        return PromptScores(
            logprobs=np.array([each["logprob"] for each in found], dtype=np.float32),
            ranks=np.array([each["rank"] for each in found], dtype=np.int32),
        )
    echoed = (choice.get("logprobs") or {}).get("token_logprobs") or ()
    logprobs = echoed[start : len(ids)]
    if len(echoed) < len(ids) or any(each is None for each in logprobs):
        raise ReplyError(
            "the server gives no log-probabilities of a prompt's tokens, so held-out traces cannot be scored; use a server "
            "with prompt_logprobs (vLLM) or echo, or leave out proxies that read losses"
        )
    values = np.array(logprobs, dtype=np.float32)
    return PromptScores(logprobs=values, ranks=np.full_like(values, np.nan))


def _completion(choice: Mapping[str, Any], answer: Mapping[str, Any], *, has_logprobs: bool) -> Completion:
    finish = choice.get("finish_reason")
    if finish not in ("stop", "length"):
        raise ReplyError(f"the server ended a completion with {finish!r}, neither 'stop' nor 'length'")
    text = choice["text"] if "text" in choice else (choice.get("message") or {}).get("content") or ""
    if has_logprobs:
        values = _logprobs(choice)
        return Completion(text=text, num_tokens=len(values), finish=finish, logprob=float(np.sum(values)))
    tokens = (answer.get("usage") or {}).get("completion_tokens")
    if not isinstance(tokens, int):
        raise ReplyError("the server tells neither log-probabilities nor usage, so tokens cannot be counted")
    return Completion(text=text, num_tokens=tokens, finish=finish, logprob=float("nan"))


def _logprobs(choice: Mapping[str, Any]) -> list[float]:
    """Return the tokens' log-probabilities, from the form of completions or that of chat/completions."""
    found = choice.get("logprobs")
    if isinstance(found, dict) and isinstance(found.get("token_logprobs"), list):
        return [float(value) for value in found["token_logprobs"]]
    if isinstance(found, dict) and isinstance(found.get("content"), list):
        return [float(token["logprob"]) for token in found["content"]]
    raise ReplyError(NO_LOGPROBS)


def _own(rows: Sequence[Any], place: int, ids: Sequence[int]) -> Mapping[str, Any]:
    """Return what a row says of the prompt's own token; JSON makes texts of token ids."""
    row = rows[place] if place < len(rows) else None
    found = (row or {}).get(str(ids[place]))
    if not isinstance(found, dict) or found.get("rank") is None:
        raise ReplyError(f"the server's prompt_logprobs do not speak of the prompt's token {place}, {ids[place]}")
    return found


def _list(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise ReplyError(f"the server's answer has no {name!r}: it has {', '.join(map(repr, answer)) or 'nothing'}")
    return found
