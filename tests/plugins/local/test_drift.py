"""Drift against plain references: a full softmax by hand, the weights' norms by hand."""

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file

from harness import MissingError, Trace
from harness_plugins.local.compute import drift as compute
from harness_plugins.local.engine import Params, harness_engines, open_engine

TRACES = [
    Trace(id=f"t{i}", prompt=prompt, response=response)
    for i, (prompt, response) in enumerate([("1+2=", "3"), ("7*8-9?>", "ab,cd;12"), ("j", "a" * 30), ("0?", "")])
]


def measured(folder, base, traces=TRACES, **settings):
    with open_engine(folder, Params(**settings)) as session:
        return session.drift(base, traces)


def plain_divergence(model, base, tokenizer, trace):
    """KL(model || base) summed over the response's tokens and its end, one forward and one softmax a model."""
    prompt = [1, *tokenizer(trace.prompt, add_special_tokens=False)["input_ids"]]
    ids = torch.tensor([[*prompt, *tokenizer(trace.response, add_special_tokens=False)["input_ids"]]])
    with torch.no_grad():
        p, q = (each(ids).logits[0, len(prompt) - 1 :].double().softmax(-1) for each in (model, base))
    return float((p * (p / q).log()).sum()), len(p)


@pytest.mark.parametrize("kind", ["qwen3", "gpt2"])
def test_drift_equals_a_full_softmax_one_trace_at_a_time(save_checkpoint, tiny_tokenizer, kind, monkeypatch):
    monkeypatch.setattr(compute, "_CHUNK", 100)  # three rows of logits at once
    folder, base = save_checkpoint(kind, seed=1), save_checkpoint(kind, seed=0)
    found = measured(folder, base)
    model, other = (transformers.AutoModelForCausalLM.from_pretrained(each) for each in (folder, base))
    wanted = [plain_divergence(model, other, tiny_tokenizer(), trace) for trace in TRACES]
    assert found.trace_ids == ("t0", "t1", "t2", "t3")
    assert found.num_tokens.tolist() == [num for _, num in wanted] == [2, 9, 31, 1]
    np.testing.assert_allclose(found.kl, [kl for kl, _ in wanted], rtol=1e-4)
    assert (found.kl > 0).all()
    assert found.kl_reason is found.distance_reason is None


def test_drift_runs_from_the_checkpoint_to_the_base_and_not_back(save_checkpoint):
    one, other = save_checkpoint("gpt2", seed=1), save_checkpoint("gpt2", seed=0)
    there, back = measured(one, other), measured(other, one)
    assert there.kl.sum() != pytest.approx(back.kl.sum(), rel=1e-3)


def test_drift_of_the_base_against_itself_is_0(save_checkpoint):
    base = save_checkpoint()
    found = measured(base, base)
    assert found.kl.tolist() == [0.0] * 4
    assert found.parameter_distance == 0.0


def test_parameter_distance_is_the_norm_of_the_difference_over_the_bases(save_checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(compute, "_CHUNK", 7)
    base = save_checkpoint("qwen3", seed=0)
    before = load_file(base / "model.safetensors")
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    with torch.no_grad():
        model.get_input_embeddings().weight[3, :2] += torch.tensor([3.0, 4.0])  # tied: counts once
        model.model.norm.weight[0] += 12.0
    model.save_pretrained(tmp_path / "moved")
    save_tokenizer_of(base, tmp_path / "moved")
    whole = sum(float(weights.double().square().sum()) for weights in before.values()) ** 0.5
    assert measured(tmp_path / "moved", base).parameter_distance == pytest.approx(13.0 / whole, rel=1e-6)


def save_tokenizer_of(folder, other):
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(other)


def test_divergence_counts_no_token_the_checkpoint_never_gives():
    never, some = torch.tensor([[0.0, 0.0, -torch.inf]]), torch.tensor([[0.0, 0.0, 0.0]])
    assert compute._divergence(never, never) == 0.0
    assert compute._divergence(never, some) == pytest.approx(np.log(3 / 2))
    assert compute._divergence(some, never) == np.inf


def test_drift_is_undefined_with_a_reason_when_vocabularies_differ(save_checkpoint, tmp_path):
    base = save_checkpoint("qwen2", seed=0)
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    model.resize_token_embeddings(40)
    model.save_pretrained(tmp_path / "larger")
    save_tokenizer_of(base, tmp_path / "larger")
    found = measured(tmp_path / "larger", base)
    assert (found.trace_ids, len(found.num_tokens), len(found.kl)) == ((), 0, 0)
    assert found.kl_reason == "the checkpoint's vocabulary has 40 tokens, the base's 32"
    assert found.parameter_distance is None
    assert found.distance_reason is not None and "embed_tokens.weight differs" in found.distance_reason


def test_drift_of_another_architecture_compares_predictions_only(save_checkpoint):
    found = measured(save_checkpoint("qwen3"), save_checkpoint("gpt2"))
    assert len(found.kl) == 4 and np.isfinite(found.kl).all()
    assert found.parameter_distance is None
    assert found.distance_reason is not None and "not of the base's shapes" in found.distance_reason


def test_drift_compares_weights_only_when_tokenizers_differ(save_checkpoint, tmp_path):
    base = save_checkpoint("qwen3", seed=0)
    folder = save_checkpoint("qwen3", seed=1)
    tokenizer = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(
        tokenizer.replace('"a": 13', '"a": -1').replace('"b": 14', '"b": 13').replace("-1", "14")
    )
    found = measured(folder, base)
    assert found.kl_reason == "the base's tokenizer reads the held-out trace 't1' differently"
    assert found.parameter_distance is not None and found.parameter_distance > 0


def test_drift_without_traces_still_measures_the_weights(save_checkpoint):
    found = measured(save_checkpoint(seed=1), save_checkpoint(seed=0), [])
    assert (found.trace_ids, found.kl_reason) == ((), None)
    assert found.parameter_distance is not None


def test_drift_is_undefined_when_weights_are_not_finite(save_checkpoint, tmp_path):
    base = save_checkpoint("qwen2", seed=0)
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    with torch.no_grad():
        model.lm_head.weight[0, 0] = torch.nan
    model.save_pretrained(tmp_path / "diverged")
    save_tokenizer_of(base, tmp_path / "diverged")
    found = measured(tmp_path / "diverged", base)
    assert not np.isfinite(found.kl).any()
    assert (found.parameter_distance, found.distance_reason) == (None, "some weight is not finite")


def test_drift_says_what_is_missing(save_checkpoint, tmp_path):
    with pytest.raises(MissingError, match="no such folder"):
        measured(save_checkpoint(), tmp_path / "nowhere")


def test_offer_declares_that_it_measures_drift():
    (offer,) = harness_engines()
    assert offer.measures_drift
