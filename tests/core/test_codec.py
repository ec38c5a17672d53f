"""The codec makes of a text what the local engine makes of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from harness import Codec, MissingError, UserError
from harness_plugins.local.compute.tokens import chat_ids, completion_text, prompt_ids, response_ids

BASE = Path(__file__).parents[2] / "plugins" / "harness_plugins" / "miniature" / "base"
CHAT = "{% for m in messages %}{{ '<bos>' + m['content'] + '=' }}{% endfor %}"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Copy the miniature's folder without its weights."""
    shutil.copytree(BASE, tmp_path / "base", ignore=shutil.ignore_patterns("*.safetensors"))
    return tmp_path / "base"


def change(file: Path, **values) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def test_codec_agrees_with_the_local_engine(folder) -> None:
    change(folder / "tokenizer_config.json", chat_template=CHAT)
    codec, tokenizer = Codec(folder), AutoTokenizer.from_pretrained(folder)
    for text in ("1+2=", "7", "10*10-3="):
        assert codec.prompt("p", text) == prompt_ids(tokenizer, text)
        assert codec.prompt("p", text, chat=True) == chat_ids(tokenizer, text)
        assert codec.response(text) == response_ids(tokenizer, text, codec.ends[0])
        assert codec.text(codec.response(text)) == completion_text(tokenizer, codec.response(text)) == text
    assert codec.prompt("p", "7", chat=True).count(tokenizer.bos_token_id) == 1


def test_ends_are_the_tokenizers_first_and_then_the_generation_configurations(folder) -> None:
    for stated, expected in [(2, (2,)), ([5, 2, 7], (2, 5, 7)), (None, (2,))]:
        change(folder / "generation_config.json", eos_token_id=stated)
        assert Codec(folder).ends == expected
    (folder / "generation_config.json").unlink()
    change(folder / "config.json", eos_token_id=[9])
    assert Codec(folder).ends == (2, 9)


def test_context_is_that_of_the_text_model(folder) -> None:
    assert Codec(folder).context == 256
    change(folder / "config.json", text_config={"max_position_embeddings": 64})
    assert Codec(folder).context == 64


def test_folder_that_cannot_be_read_is_named(folder, tmp_path) -> None:
    with pytest.raises(MissingError, match="no such folder"):
        Codec(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no chat template"):
        Codec(folder).prompt("p", "1", chat=True)
    (folder / "generation_config.json").write_text("{")
    with pytest.raises(UserError, match=r"generation_config\.json: is no JSON"):
        Codec(folder)
    for file in folder.glob("token*"):
        file.unlink()
    with pytest.raises(UserError, match="no tokenizer that transformers can read"):
        Codec(folder)
