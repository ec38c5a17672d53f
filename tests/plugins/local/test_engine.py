import json
import subprocess
import sys
import typing
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from harness import MissingError, SampleRequest, Sampling, Trace, UserError
from harness_plugins.local.compute.tokens import prompt_ids
from harness_plugins.local.engine import Params, harness_engines, open_engine

SAMPLING = Sampling(max_tokens=24)
SHORT = Sampling(max_tokens=6)


def make_requests(num_problems=4, num_samples=6, first_index=0, sampling=SAMPLING):
    return [
        SampleRequest(
            problem_id=f"p{i}", prompt="1+2*3"[: 1 + i % 5] + "?>", num_samples=num_samples,
            sampling=sampling, seed=11, first_index=first_index,
        )
        for i in range(num_problems)
    ]  # fmt: skip


def draw(folder, requests, **settings):
    with open_engine(folder, Params(**settings)) as session:
        return {(s.problem_id, s.index): (s.text, s.num_tokens, s.finish) for s in session.sample(requests)}


def test_offer_is_named_local_and_imports_nothing_heavy():
    (offer,) = harness_engines()
    assert (offer.name, offer.params) == ("local", Params)
    assert offer.load() is open_engine
    assert set(typing.get_type_hints(Params)) == {"dtype", "device", "max_rows", "max_cache_mb"}
    code = "import sys, harness_plugins.local.engine as e; list(e.harness_engines()); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_sample_yields_every_sample_of_every_request(save_checkpoint):
    with open_engine(save_checkpoint(), Params()) as session:
        samples = list(session.sample(make_requests(first_index=3)))
    assert sorted((s.problem_id, s.index) for s in samples) == [(f"p{i}", n) for i in range(4) for n in range(3, 9)]
    assert {s.finish for s in samples} == {"stop", "length"}
    for sample in samples:
        assert "<" not in sample.text
        # One character a token, the end-of-sequence token shows in the count only.
        assert sample.num_tokens <= SAMPLING.max_tokens
        assert sample.num_tokens == SAMPLING.max_tokens or sample.finish == "stop"
        assert sample.logprob < 0 < sample.entropy


def test_sample_serves_requests_with_different_settings(save_checkpoint):
    first, second = make_requests(num_problems=2)
    greedy = Sampling(max_tokens=5, temperature=0)
    other = SampleRequest(problem_id="p1", prompt=second.prompt, num_samples=2, sampling=greedy, seed=0)
    drawn = draw(save_checkpoint(), [first, other])
    assert len(drawn) == 8
    assert drawn["p1", 0] == drawn["p1", 1]
    assert drawn["p1", 0][1] <= 5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["qwen3", "gpt2"])
def test_sample_set_of_2000_is_the_same_for_every_batch_size(save_checkpoint, kind):
    folder = save_checkpoint(kind)
    requests = make_requests(num_problems=20, num_samples=100, sampling=SHORT)
    whole = draw(folder, requests)
    assert len(whole) == 2000
    sizes = (1, 7, 64) if kind == "qwen3" else (64,)
    for max_rows in sizes:
        assert draw(folder, requests, max_rows=max_rows) == whole


@pytest.mark.slow
def test_sample_set_of_2000_is_the_same_after_a_restart(save_checkpoint):
    folder = save_checkpoint()
    code = (
        "import json, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
        "import torch; torch.set_num_threads(1);"
        "from test_engine import SHORT, draw, make_requests;"
        "samples = draw(Path(sys.argv[1]), make_requests(20, 100, sampling=SHORT));"
        "print(json.dumps(sorted([*name, *value] for name, value in samples.items())))"
    )
    args = [sys.executable, "-c", code, str(folder), str(Path(__file__).parent)]
    out = subprocess.run(args, check=True, capture_output=True, text=True).stdout
    here = sorted(
        [*name, *value] for name, value in draw(folder, make_requests(20, 100, sampling=SHORT), max_rows=300).items()
    )
    assert json.loads(out) == here


@pytest.mark.parametrize("kind", ["qwen3", "gpt2"])
def test_score_equals_the_models_forward_one_trace_at_a_time(save_checkpoint, tiny_tokenizer, kind):
    folder = save_checkpoint(kind)
    texts = [("1+1?>", "2"), ("3*4-a?>", "b=1,c=2;0"), ("1?>", ""), ("9>", "0123456789" * 5)]
    traces = [Trace(id=f"t{i}", prompt=prompt, response=response) for i, (prompt, response) in enumerate(texts)]
    with open_engine(folder, Params()) as session:
        scores = {scored.id: scored for scored in session.score(traces)}
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    tokenizer = tiny_tokenizer()
    for trace in traces:
        prompt = tokenizer(trace.prompt)["input_ids"]
        response = [*tokenizer(trace.response, add_special_tokens=False)["input_ids"], 2]
        assert len(response) == len(trace.response) + 1
        with torch.no_grad():
            logits = model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1].double()
        logp = torch.log_softmax(logits, -1)
        own = logp.gather(1, torch.tensor(response)[:, None])
        scored = scores[trace.id]
        np.testing.assert_allclose(scored.logprobs, own[:, 0], atol=1e-5)
        np.testing.assert_allclose(scored.entropies, -(logp.exp() * logp).sum(-1), atol=1e-5)
        assert scored.ranks.tolist() == [1 + int((row > value).sum()) for row, value in zip(logp, own, strict=True)]


def test_score_of_a_sample_is_the_logprob_it_was_drawn_with(save_checkpoint):
    with open_engine(save_checkpoint(), Params()) as session:
        samples = [s for s in session.sample(make_requests(num_samples=60)) if s.finish == "stop"]
        # Specials inside a completion vanish from its text, so only plain ones can be scored again.
        plain = [s for s in samples if s.num_tokens == len(s.text) + 1]
        prompts = {request.problem_id: request.prompt for request in make_requests()}
        traces = [Trace(id=f"{s.problem_id}/{s.index}", prompt=prompts[s.problem_id], response=s.text) for s in plain]
        scores = {scored.id: float(scored.logprobs.sum()) for scored in session.score(traces)}
    assert len(plain) >= 3
    for sample in plain:
        assert scores[f"{sample.problem_id}/{sample.index}"] == pytest.approx(sample.logprob, abs=1e-4)


def test_prompt_ids_drop_the_end_token_that_the_tokenizer_adds(tiny_tokenizer):
    assert tiny_tokenizer(closes=True)("1+1")["input_ids"][-1] == 2
    assert prompt_ids(tiny_tokenizer(closes=True), "1+1") == prompt_ids(tiny_tokenizer(), "1+1")


def test_sample_stops_at_every_token_of_the_generation_config(save_checkpoint):
    folder = save_checkpoint()
    before = draw(folder, make_requests())
    config = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps(config | {"eos_token_id": [2, 3, 4, 5, 6]}))
    after = draw(folder, make_requests())
    stops = set("0123")  # tokens 3 to 6
    assert sum(n for _, n, _ in after.values()) < sum(n for _, n, _ in before.values())
    assert all(not stops & set(text[:-1]) for text, _, _ in after.values())


def test_open_engine_says_what_is_missing(save_checkpoint, tmp_path):
    with pytest.raises(MissingError, match="no such folder"), open_engine(tmp_path / "none", Params()):
        pass
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"no config\.json"), open_engine(tmp_path / "empty", Params()):
        pass
    folder = save_checkpoint()
    weights = folder / "model.safetensors"
    kept = weights.read_bytes()
    weights.unlink()
    with pytest.raises(UserError, match=r"no \*\.safetensors"), open_engine(folder, Params()):
        pass
    weights.write_bytes(kept[:100])
    with pytest.raises(UserError, match="cannot be loaded"), open_engine(folder, Params()):
        pass
    weights.write_bytes(kept)
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(UserError, match="no tokenizer"), open_engine(folder, Params()):
        pass


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_open_engine_refuses_cuda_where_there_is_none(save_checkpoint):
    with pytest.raises(UserError, match="CUDA"), open_engine(save_checkpoint(), Params(device="cuda")):
        pass


def test_session_refuses_what_does_not_fit_the_context(save_checkpoint):
    with open_engine(save_checkpoint(), Params()) as session:
        long = SampleRequest(problem_id="long", prompt="1" * 200, num_samples=1, sampling=SAMPLING, seed=0)
        with pytest.raises(UserError, match="long: needs 202 tokens, but the model's context holds 128"):
            list(session.sample([long]))
        with pytest.raises(UserError, match="held: needs 132 tokens"):
            list(session.score([Trace(id="held", prompt="1" * 100, response="2" * 30)]))


def test_sample_runs_in_bfloat16(save_checkpoint):
    drawn = draw(save_checkpoint(), make_requests(), dtype="bfloat16")
    assert len(drawn) == 24
