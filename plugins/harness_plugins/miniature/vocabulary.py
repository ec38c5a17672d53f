"""The miniature's alphabet: one token a character, after three special tokens."""

from __future__ import annotations

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
PAD_ID, BOS_ID, EOS_ID = 0, 1, 2

DIGITS = "0123456789"
VARIABLES = "abcdefghij"
OPERATORS = "+-*"

CHARACTERS = DIGITS + VARIABLES + OPERATORS + "=;,?>" + "AV" + "ny" + "CDST"
"""`=;,` write steps, `?>` end prompts, `A` opens the answer, `V` the verification, `n y` judge a try, `C D S T` open the
prompts of the four families (chain, dag, sum, target)."""

TOKENS = (PAD, BOS, EOS, *CHARACTERS)
IDS = {token: index for index, token in enumerate(TOKENS)}


def encode(text: str) -> list[int]:
    """Token ids of a text of the task, without special tokens; KeyError for a foreign character."""
    return [IDS[character] for character in text]
