import numpy as np
import pytest
import torch
from scipy import stats

from harness_plugins.local.compute.choose import choose, keep_nucleus
from harness_plugins.local.compute.family import family_of
from harness_plugins.local.compute.family_decoder import FamilyDecoder
from harness_plugins.local.compute.generate import Stream, decoder_of, generate
from harness_plugins.local.compute.generic_decoder import GenericDecoder

BY_HAND = ["qwen3", "qwen2", "llama"]
BY_FORWARD = ["gpt2", "llama-scaled", "qwen2-sliding"]
PROMPTS = [[1, 5, 9, 3], [1, 7], [1, *range(3, 24)], [1, 4, 4, 8, 20, 11, 6]]


def make_streams(num_samples, prompts=PROMPTS, seed=0):
    return [
        Stream(problem_id=f"p{i}", prompt=prompt, seed=seed, first_index=0, num_samples=num_samples)
        for i, prompt in enumerate(prompts)
    ]


def draw(model, streams, **changes):
    settings = {"max_tokens": 24, "temperature": 1.0, "eos_ids": [2]} | changes
    return {(c.problem_id, c.index): c for c in generate(decoder_of(model), streams, **settings)}


def tokens_of(completions):
    return {name: completion.tokens for name, completion in completions.items()}


@pytest.mark.parametrize("kind", BY_HAND + BY_FORWARD)
def test_decoder_of_takes_the_hand_written_one_where_the_config_is_plain(tiny_model, kind):
    assert type(decoder_of(tiny_model(kind))) is (FamilyDecoder if kind in BY_HAND else GenericDecoder)


def test_family_of_refuses_a_wrapped_linear_layer(tiny_model):
    class Adapter(torch.nn.Linear):
        pass

    model = tiny_model("qwen3")
    assert family_of(model) is not None
    model.model.layers[1].mlp.up_proj = Adapter(32, 48, bias=False)
    assert family_of(model) is None


@pytest.mark.parametrize("kind", BY_HAND + BY_FORWARD)
def test_generate_reports_the_models_own_logprobs_and_entropies(tiny_model, kind):
    model = tiny_model(kind)
    completions = draw(model, make_streams(6), max_rows=10, temperature=1.3)
    assert len(completions) == 6 * len(PROMPTS)
    for (name, _), completion in completions.items():
        prompt = PROMPTS[int(name[1:])]
        with torch.no_grad():
            logits = model(torch.tensor([prompt + completion.tokens])).logits[0, len(prompt) - 1 : -1]
        logp = torch.log_softmax(logits.double(), -1)
        own = logp.gather(1, torch.tensor(completion.tokens)[:, None])[:, 0]
        np.testing.assert_allclose(completion.logprobs, own, atol=1e-4)
        np.testing.assert_allclose(completion.entropies, -(logp.exp() * logp).sum(-1), atol=1e-4)
        assert completion.stopped == (completion.tokens[-1] == 2)
        assert 2 not in completion.tokens[:-1]
        assert completion.stopped or len(completion.tokens) == 24


@pytest.mark.parametrize("kind", BY_HAND + BY_FORWARD)
def test_generate_gives_the_same_samples_for_every_batch_size_and_order(tiny_model, kind):
    model = tiny_model(kind)
    whole = tokens_of(draw(model, make_streams(12)))
    for max_rows in (1, 7, 64):
        assert tokens_of(draw(model, make_streams(12)[::-1], max_rows=max_rows)) == whole
    later = [Stream(problem_id=s.problem_id, prompt=s.prompt, seed=0, first_index=5, num_samples=3) for s in make_streams(1)]
    assert tokens_of(draw(model, later)) == {name: t for name, t in whole.items() if 5 <= name[1] < 8}


def test_generate_gives_other_samples_for_other_seeds_problems_and_indices(tiny_model):
    model = tiny_model("qwen3")
    same_prompt = make_streams(40, [PROMPTS[0]] * 2)
    drawn = draw(model, same_prompt, max_tokens=16, eos_ids=[])
    others = draw(model, make_streams(40, PROMPTS[:1], seed=1), max_tokens=16, eos_ids=[])
    assert len({tuple(c.tokens) for c in (*drawn.values(), *others.values())}) == 120


def test_generate_does_not_depend_on_a_bound_on_the_cache(tiny_model):
    model = tiny_model("qwen3")
    whole = tokens_of(draw(model, make_streams(8)))
    assert tokens_of(draw(model, make_streams(8), max_cache_bytes=1)) == whole


def test_generate_cuts_at_the_models_context(tiny_model):
    model = tiny_model("qwen3")
    prompts = [[1] * 120, [1, 5]]
    lengths = {n: len(c.tokens) for n, c in draw(model, make_streams(2, prompts), max_tokens=20, eos_ids=[]).items()}
    assert lengths == {("p0", 0): 8, ("p0", 1): 8, ("p1", 0): 20, ("p1", 1): 20}
    with pytest.raises(ValueError, match="'p0': its prompt has 128 tokens"):
        draw(model, make_streams(1, [[1] * 128]))


def test_generate_refuses_logits_that_are_not_finite(tiny_model):
    model = tiny_model("qwen3")
    model.model.norm.weight.data[3] = float("nan")
    with pytest.raises(ValueError, match="not finite"):
        draw(model, make_streams(1))


def test_generate_is_greedy_at_temperature_zero(tiny_model):
    model = tiny_model("qwen3")
    for (name, _), completion in draw(model, make_streams(1), temperature=0, eos_ids=[]).items():
        ids = list(PROMPTS[int(name[1:])])
        for token in completion.tokens:
            with torch.no_grad():
                assert token == int(model(torch.tensor([ids])).logits[0, -1].argmax())
            ids.append(token)


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 1.0), (1.0, 0.6), (1.4, 0.8)])
@pytest.mark.parametrize("kind", ["qwen3", "gpt2"])
def test_generate_follows_the_models_distribution(tiny_model, kind, temperature, top_p):
    model = tiny_model(kind)
    n = 4000
    drawn = draw(model, make_streams(n, [PROMPTS[0]]), max_tokens=2, temperature=temperature, top_p=top_p, eos_ids=[])
    first = np.array([c.tokens[0] for c in drawn.values()])
    check_counts(first, model, PROMPTS[0], temperature, top_p)
    common = int(np.bincount(first).argmax())
    second = np.array([c.tokens[1] for c in drawn.values() if c.tokens[0] == common])
    check_counts(second, model, [*PROMPTS[0], common], temperature, top_p)


def check_counts(drawn, model, ids, temperature, top_p):
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, -1].double().numpy()
    expected = plain_distribution(logits, temperature, top_p) * len(drawn)
    counts = np.bincount(drawn, minlength=len(expected))
    assert counts[expected == 0].sum() == 0
    is_common = expected >= 5
    observed, wanted = list(counts[is_common]), list(expected[is_common])
    if expected[~is_common].sum() > 1:
        observed.append(counts[~is_common].sum())
        wanted.append(expected[~is_common].sum())
    scale = sum(observed) / sum(wanted)
    assert stats.chisquare(observed, np.array(wanted) * scale).pvalue > 1e-4


def plain_distribution(logits, temperature, top_p):
    probabilities = np.exp(logits / temperature - (logits / temperature).max())
    probabilities /= probabilities.sum()
    kept, total = np.zeros_like(probabilities), 0.0
    for token in np.argsort(-probabilities, kind="stable"):
        if total >= top_p:
            break
        kept[token] = probabilities[token]
        total += probabilities[token]
    return kept / kept.sum()


def test_keep_nucleus_equals_a_plain_loop():
    logits = np.random.default_rng(0).normal(size=(50, 20)) * 2
    for top_p in (0.05, 0.5, 0.9, 0.999):
        kept = keep_nucleus(torch.from_numpy(np.exp(logits)), top_p).numpy()
        wanted = np.array([plain_distribution(row, 1.0, top_p) for row in logits])
        np.testing.assert_allclose(kept / kept.sum(-1, keepdims=True), wanted, atol=1e-12)


def test_choose_inverts_the_distribution_function_at_its_edges():
    logits = torch.tensor([[0.0, 0.0, 0.0, 0.0]]).repeat(5, 1)
    logits[:, 3] = float("-inf")
    uniforms = torch.tensor([0.0, 0.34, 0.65, 0.67, 1 - 2.0**-53], dtype=torch.float64)
    choice = choose(logits, uniforms, temperature=1.0, top_p=1.0, need_entropy=True)
    assert choice.tokens.tolist() == [0, 1, 1, 2, 2]
    np.testing.assert_allclose(choice.entropies, np.log(3), rtol=1e-6)
    np.testing.assert_allclose(choice.logprobs, -np.log(3), rtol=1e-6)
