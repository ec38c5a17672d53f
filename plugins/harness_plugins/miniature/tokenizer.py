"""The miniature's tokenizer in Hugging Face form: one token a character, `<bos>` in front, exact round trip."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness_plugins.miniature.vocabulary import BOS, BOS_ID, EOS, IDS, PAD

if TYPE_CHECKING:
    from pathlib import Path

MAX_POSITIONS = 256


def save_tokenizer(folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json; a character outside the alphabet is an error when encoding."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel(vocab=IDS, unk_token="<unk>"))  # noqa: S106 - not a password
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, BOS_ID)]
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in (PAD, BOS, EOS)])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": PAD,
        "bos_token": BOS,
        "eos_token": EOS,
        "model_max_length": MAX_POSITIONS,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
