import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from harness_plugins.miniature import sft
from harness_plugins.miniature.tokenizer import save_tokenizer
from harness_plugins.miniature.vocabulary import BOS_ID, CHARACTERS, EOS_ID, PAD_ID, TOKENS, encode


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(folder)
    return folder


def test_vocabulary_has_39_tokens_and_no_duplicate():
    assert len(set(TOKENS)) == len(TOKENS) == 39


def test_tokenizers_round_trip_is_exact_when_texts_are_the_tasks(folder):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for example in sft.load(sft.Params(examples=200, families=("chain", "dag", "add", "countdown")), None):
        text = example.prompt + example.response
        assert tokenizer.encode(text, add_special_tokens=False).ids == encode(text)
        assert tokenizer.encode(text).ids == [BOS_ID, *encode(text)]
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_transformers_round_trip_is_exact_when_loaded_from_the_folder(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id) == (PAD_ID, BOS_ID, EOS_ID)
    assert len(tokenizer) == 39
    assert tokenizer(CHARACTERS)["input_ids"] == [BOS_ID, *encode(CHARACTERS)]
    assert tokenizer(CHARACTERS, add_special_tokens=False)["input_ids"] == encode(CHARACTERS)
    ids = [*encode(CHARACTERS), EOS_ID]
    assert tokenizer.decode(ids, skip_special_tokens=True) == CHARACTERS
    assert tokenizer.decode(ids) == CHARACTERS + "<eos>"


def test_transformers_reads_the_same_when_it_has_saved_the_tokenizer_itself(folder, tmp_path):
    AutoTokenizer.from_pretrained(folder, local_files_only=True).save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert again("C3+4>")["input_ids"] == [BOS_ID, *encode("C3+4>")]
    assert Tokenizer.from_file(str(tmp_path / "tokenizer.json")).encode("C3+4>").ids == [BOS_ID, *encode("C3+4>")]


def test_encoding_fails_loudly_when_a_character_is_foreign(folder):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    with pytest.raises(Exception, match=r"unk|UNK"):
        tokenizer.encode("What is 3+4?")
