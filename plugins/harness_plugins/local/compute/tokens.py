"""Between text and tokens: what the model sees of a prompt and a response, and what a completion says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def prompt_ids(tokenizer: Any, prompt: str) -> list[int]:
    """Encode a prompt with the tokenizer's own special tokens around it, but without an end-of-sequence token behind it."""
    ids: list[int] = tokenizer(prompt, add_special_tokens=True)["input_ids"]
    while ids and ids[-1] == tokenizer.eos_token_id:
        ids.pop()
    return ids


def chat_ids(tokenizer: Any, message: str) -> list[int]:
    """Encode a user's message in the tokenizer's chat template, up to where the assistant begins to speak.

    The template writes special tokens itself; none are added.
    """
    turns = [{"role": "user", "content": message}]
    text: str = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def response_ids(tokenizer: Any, response: str, end: int) -> list[int]:
    """Encode a response, without special tokens but with the end-of-sequence token `end` behind it."""
    ids: list[int] = tokenizer(response, add_special_tokens=False)["input_ids"]
    return [*ids, end]


def completion_text(tokenizer: Any, tokens: Sequence[int]) -> str:
    """Decode a completion, special tokens left out."""
    text: str = tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text


def end_ids(model: Any, tokenizer: Any) -> tuple[int, ...]:
    """Return the tokens that end a completion: the tokenizer's first, then those of the generation configuration."""
    stated = model.generation_config.eos_token_id
    others = [] if stated is None else [stated] if isinstance(stated, int) else list(stated)
    first = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    return tuple(dict.fromkeys([*first, *others]))
