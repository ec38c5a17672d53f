"""What is written around texts, against what transformers' own tokenizer makes of them."""

from __future__ import annotations

import json

import pytest
import transformers

from harness import UserError
from harness_plugins.openrlhf.text import read_marks


def test_marks_are_the_tokenizers_own(checkpoint) -> None:
    marks = read_marks(checkpoint)
    assert (marks.opening, marks.end) == ("<s>", "</s>")
    assert set(marks.special) == {"<s>", "</s>", "<|done|>"} and marks.special[0] == "<|done|>"


def test_text_with_its_marks_is_tokenized_as_the_tokenizer_would_by_itself(checkpoint) -> None:
    """OpenRLHF tokenizes with add_special_tokens=False; the harness's engines let the tokenizer open the text."""
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(checkpoint)
    marks = read_marks(checkpoint)
    alone = tokenizer("3+4=7").input_ids
    assert tokenizer(f"{marks.opening}3+4=7{marks.end}", add_special_tokens=False).input_ids == [*alone, 1]


def test_marks_of_a_tokenizer_that_adds_nothing_are_empty(checkpoint) -> None:
    raw = json.loads((checkpoint / "tokenizer.json").read_text())
    (checkpoint / "tokenizer.json").write_text(json.dumps(raw | {"post_processor": None}))
    (checkpoint / "tokenizer_config.json").unlink()
    (checkpoint / "special_tokens_map.json").write_text(json.dumps({"eos_token": "<|done|>"}))
    marks = read_marks(checkpoint)
    assert (marks.opening, marks.end) == ("", "<|done|>")


def test_folder_without_a_fast_tokenizer_is_refused(tmp_path) -> None:
    with pytest.raises(UserError, match=r"has no tokenizer.json; save a fast tokenizer with the model"):
        read_marks(tmp_path)
