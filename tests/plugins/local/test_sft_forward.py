"""The hand-written forward pass against transformers' own."""

import copy

import pytest
import torch

from harness_plugins.local.compute import forward, layout
from harness_plugins.local.compute.forward import Scorer
from harness_plugins.local.compute.layout import Text, cut, lay_out
from harness_plugins.local.compute.tokens import end_ids


def make_texts(num_prompts=3, each=12, seed=0):
    draw = torch.Generator().manual_seed(seed)
    texts = []
    for _ in range(num_prompts):
        prompt = tuple(torch.randint(0, 32, (int(torch.randint(1, 9, (1,), generator=draw)),), generator=draw).tolist())
        for _ in range(each):
            length = int(torch.randint(1, 40, (1,), generator=draw))
            texts.append(Text(prompt=prompt, response=torch.randint(0, 32, (length,), generator=draw).tolist()))
    return texts


def plain_logprobs(model, texts):
    """One text at a time, unpadded, through the model's own forward."""
    found = []
    for text in texts:
        ids = torch.tensor([[*text.prompt, *text.response]])
        every = model(input_ids=ids).logits[0].log_softmax(-1)
        found += [every[len(text.prompt) - 1 + j, token] for j, token in enumerate(text.response)]
    return torch.stack(found)


def gradients(model, total):
    return torch.autograd.grad(total, [p for p in model.parameters() if p.requires_grad], allow_unused=True)


@pytest.mark.parametrize("kind", ["qwen3", "qwen2", "llama", "llama-scaled", "qwen2-sliding", "gpt2"])
def test_logprobs_and_gradients_equal_transformers_forward(kind, tiny_model):
    model, texts = tiny_model(kind), make_texts()
    own, plain = Scorer(model).logprobs(texts), plain_logprobs(model, texts)
    torch.testing.assert_close(own, plain, atol=1e-5, rtol=1e-5)
    for ours, theirs in zip(gradients(model, own.mean()), gradients(model, plain.mean()), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["qwen3", "qwen2", "llama"])
def test_scorer_goes_by_hand_for_the_family(kind, tiny_model):
    assert Scorer(tiny_model(kind)).family is not None


def test_logprobs_are_the_same_when_logits_are_worked_out_in_parts(monkeypatch, tiny_model):
    model, texts = tiny_model("qwen3"), make_texts()
    whole = Scorer(model).logprobs(texts)
    monkeypatch.setattr(forward, "_MAX_LOGITS", 32 * 50)
    parts = Scorer(model).logprobs(texts)
    torch.testing.assert_close(parts, whole, atol=1e-6, rtol=1e-6)
    for ours, theirs in zip(gradients(model, parts.mean()), gradients(model, whole.mean()), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)


def test_bfloat16_comes_near_float32_and_leaves_weights_float32(tiny_model):
    model, texts = tiny_model("qwen3"), make_texts()
    full, mixed = Scorer(model).logprobs(texts), Scorer(model, "bfloat16").logprobs(texts)
    assert mixed.dtype == torch.float32
    assert 0 < float((full - mixed).detach().abs().mean()) < 0.1
    mixed.sum().backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in model.parameters())


def test_scorer_sees_new_weights_at_once(tiny_model):
    model, texts = tiny_model("qwen3"), make_texts()
    scorer, other = Scorer(model), copy.deepcopy(model)
    with torch.no_grad():
        model.model.layers[0].mlp.up_proj.weight.mul_(1.5)
    assert not torch.allclose(scorer.logprobs(texts), Scorer(other).logprobs(texts), atol=1e-3)


def test_layout_holds_a_shared_prompt_once():
    texts = make_texts(num_prompts=2, each=5)
    prompts = {text.prompt for text in texts}
    inputs = sum(len(p) for p in prompts) + sum(len(t.response) - 1 for t in texts)
    assert len(lay_out(texts, torch.device("cpu")).ids) == inputs


@pytest.mark.parametrize("max_tokens", [1, 60, 200, 10_000])
def test_cut_keeps_every_text_once_and_within_the_limit(max_tokens):
    texts = make_texts(4, 9)
    parts = cut(texts, max_tokens)
    assert sorted(index for part in parts for index in part) == list(range(len(texts)))
    for part in parts:
        padded = len(part) * max(texts[i].num_inputs for i in part)
        assert len(part) == 1 or padded <= max_tokens


def test_attention_blocks_waste_little():
    texts = make_texts(30, 10)
    blocks = lay_out(texts, torch.device("cpu")).blocks
    places, tokens = sum(b.rows * b.width for b in blocks), sum(t.num_inputs for t in texts)
    assert places < 1.2 * tokens
    assert all(block.rows >= layout._LEAST_ROWS for block in blocks[:-1])


def test_end_ids_put_the_tokenizers_token_first(tiny_model):
    model = tiny_model("qwen3")
    model.generation_config.eos_token_id = [5, 2]

    class Tokenizer:
        eos_token_id = 2

    assert end_ids(model, Tokenizer()) == (2, 5)
