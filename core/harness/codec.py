"""Between text and a checkpoint's tokens, for engines that send tokens to a model elsewhere.

What a model sees of a prompt or a trace is then the same under every engine: special tokens, chat template, ends.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.errors import MissingError, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TOKENIZER_FILES = ("*token*", "vocab.*", "spiece.model", "sentencepiece*")


class Codec:
    """The tokenizer of a Hugging Face folder; its weights, if it has any, are not read."""

    def __init__(self, folder: Path) -> None:
        """Load the tokenizer.

        Raises:
            MissingError: there is no such folder.
            UserError: it has no tokenizer that transformers can read, or one without an end-of-sequence token.
        """
        if not folder.is_dir():
            raise MissingError(f"{folder}: no such folder; give a Hugging Face checkpoint folder on this machine")
        self.folder = folder
        self._tokenizer = _load(folder)
        if not self.ends:
            raise UserError(f"{folder}: names no end-of-sequence token; set eos_token in its tokenizer")

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Tokens that end a completion: the tokenizer's first, then those of the generation configuration."""
        own = self._tokenizer.eos_token_id
        stated = _read(self.folder / "generation_config.json").get("eos_token_id")
        if stated is None:
            stated = self._config.get("eos_token_id")
        others = [] if stated is None else [stated] if isinstance(stated, int) else list(stated)
        return tuple(dict.fromkeys([*([] if own is None else [own]), *others]))

    @cached_property
    def context(self) -> int | None:
        """Positions the model has; None where config.json does not say."""
        found = self._config.get("max_position_embeddings")
        return found if isinstance(found, int) else None

    def prompt(self, name: str, text: str, *, chat: bool = False) -> list[int]:
        """Encode a prompt with the tokenizer's own special tokens, but without an end-of-sequence token behind it.

        Args:
            name: of the problem or trace, for messages.
            text: a plain prompt, or a user's message.
            chat: put the message into the chat template, up to where the assistant begins to speak; the template writes
                special tokens itself, and none are added.

        Raises:
            UserError: there is no chat template where one is needed, or the prompt has no tokens.
        """
        ids = self._chat(name, text) if chat else list(self._tokenizer(text, add_special_tokens=True)["input_ids"])
        while not chat and ids and ids[-1] == self._tokenizer.eos_token_id:
            ids.pop()
        if not ids:
            raise UserError(f"{name}: its prompt {text!r} has no tokens; give a prompt with text")
        return ids

    def response(self, text: str) -> list[int]:
        """Encode a response, without special tokens but with the end-of-sequence token behind it."""
        return [*self._tokenizer(text, add_special_tokens=False)["input_ids"], self.ends[0]]

    def text(self, tokens: Sequence[int]) -> str:
        """Decode a completion, special tokens left out."""
        found: str = self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return found

    def _chat(self, name: str, message: str) -> list[int]:
        if not self._tokenizer.chat_template:
            raise UserError(
                f"{name}: its prompt is a user's message, and the checkpoint's tokenizer has no chat template; "
                "choose a plain prompt template, or save a chat template with the checkpoint"
            )
        turns = [{"role": "user", "content": message}]
        text: str = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    @cached_property
    def _config(self) -> dict[str, Any]:
        config = _read(self.folder / "config.json")
        text = config.get("text_config")
        return {**config, **text} if isinstance(text, dict) else config


def _load(folder: Path) -> Any:
    from transformers import AutoTokenizer

    complaint = f"{folder}: has no tokenizer that transformers can read; save it there with tokenizer.save_pretrained"
    # Without any file transformers makes an empty tokenizer and says nothing.
    if not any(any(folder.glob(pattern)) for pattern in _TOKENIZER_FILES):
        raise UserError(complaint)
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise UserError(complaint) from error


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{file}: is no JSON ({error}); save the checkpoint again") from None
    return found if isinstance(found, dict) else {}
