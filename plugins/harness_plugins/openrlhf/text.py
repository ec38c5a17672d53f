"""What stands around a text when OpenRLHF tokenizes it.

It adds no special token in front, and an end-of-sequence token only behind a space; so both are written into the data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from harness import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """A tokenizer's special tokens as texts."""

    opening: str
    """What the tokenizer puts before every text; may be empty."""
    end: str
    """Its end-of-sequence token."""
    special: tuple[str, ...]
    """All of them, the longest first."""


def read_marks(checkpoint: Path) -> Marks:
    """Read a checkpoint folder's tokenizer.

    Raises:
        UserError: it has no tokenizer.json, or names no end-of-sequence token.
    """
    from tokenizers import Tokenizer

    file = checkpoint / "tokenizer.json"
    if not file.is_file():
        raise UserError(f"checkpoint {str(checkpoint)!r}: has no tokenizer.json; save a fast tokenizer with the model")
    tokenizer = Tokenizer.from_file(str(file))
    encoded = tokenizer.encode("a")
    first = encoded.special_tokens_mask.index(0)
    end = _end(checkpoint)
    special = {token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special} | {end}
    longest_first = tuple(sorted(special, key=lambda token: (-len(token), token)))
    return Marks(opening="".join(encoded.tokens[:first]), end=end, special=longest_first)


def _end(checkpoint: Path) -> str:
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        file = checkpoint / name
        value = json.loads(file.read_text(encoding="utf-8")).get("eos_token") if file.is_file() else None
        value = value.get("content") if isinstance(value, dict) else value
        if isinstance(value, str) and value:
            return value
    raise UserError(
        f"checkpoint {str(checkpoint)!r}: its tokenizer has no end-of-sequence token; set eos_token in tokenizer_config.json"
    )
