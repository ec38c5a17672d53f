"""Tiny seeded models and a character tokenizer, made here so that no test needs a download."""

import pytest
import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors

SPECIAL = ("<pad>", "<bos>", "<eos>")
NAMES = dict(zip(("pad_token", "bos_token", "eos_token"), SPECIAL, strict=True))
UNKNOWN = {"unk_token": SPECIAL[0]}
CHARACTERS = "0123456789abcdefghij+-*=;,?> "


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_tokenizer(*, closes=False):
    """A tokenizer with one token a character that opens every text with <bos>; `closes`: and ends it with <eos>."""
    vocabulary = {token: place for place, token in enumerate((*SPECIAL, *CHARACTERS))}
    raw = Tokenizer(models.WordLevel(vocabulary, **UNKNOWN))
    raw.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    raw.decoder = decoders.Fuse()
    raw.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>" if closes else "<bos> $A", special_tokens=[("<bos>", 1), ("<eos>", 2)]
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=raw, **NAMES, **UNKNOWN)


def _shape(**changes):
    shape = {
        "vocab_size": len(SPECIAL) + len(CHARACTERS), "hidden_size": 32, "intermediate_size": 48,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
        "initializer_range": 0.3, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
    }  # fmt: skip
    return shape | changes


def _make(kind):
    names = {"qwen3": "Qwen3", "qwen2": "Qwen2", "llama": "Llama"}
    if kind == "gpt2":
        config = transformers.GPT2Config(
            vocab_size=len(SPECIAL) + len(CHARACTERS), n_embd=32, n_layer=2, n_head=4, n_positions=128,
            initializer_range=0.3, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        )  # fmt: skip
        return transformers.GPT2LMHeadModel(config)
    changes = {
        "qwen3": {"head_dim": 16, "tie_word_embeddings": True},
        "qwen2": {},
        "llama": {"attention_bias": True, "mlp_bias": True, "num_key_value_heads": 4},
        "llama-scaled": {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}},
        "qwen2-sliding": {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 0},
    }[kind]
    name = names[kind.split("-")[0]]
    return getattr(transformers, f"{name}ForCausalLM")(getattr(transformers, f"{name}Config")(**_shape(**changes)))


def make_model(kind, seed=0):
    """A tiny model: qwen3, qwen2, llama (read by hand); gpt2, llama-scaled, qwen2-sliding (not)."""
    torch.manual_seed(seed)
    model = _make(kind).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.ndim == 1:  # norms and biases, which start at 1 and 0 and would hide mistakes
                weights.add_(torch.randn_like(weights) * 0.1)
            elif name.endswith("lm_head.weight"):
                weights.mul_(0.5)
    return model


@pytest.fixture
def save_checkpoint(tmp_path):
    def save(kind="qwen3", *, closes=False, seed=0):
        folder = tmp_path / f"{kind}-{seed}"
        make_model(kind, seed).save_pretrained(folder)
        make_tokenizer(closes=closes).save_pretrained(folder)
        return folder

    return save


@pytest.fixture
def tiny_model():
    return make_model


@pytest.fixture
def tiny_tokenizer():
    return make_tokenizer
