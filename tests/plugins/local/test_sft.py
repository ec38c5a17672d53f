"""local-sft: its loss against a plain reference, what it writes, and what it refuses."""

import dataclasses
import json
import math

import pytest
import torch
import transformers
from safetensors.torch import load_file

from harness import DataError, Example, TrainJob, UserError
from harness_plugins.local.compute.folder import load_folder
from harness_plugins.local.compute.optimizer import build_optimizer
from harness_plugins.local.compute.schedule import rate_share
from harness_plugins.local.compute.sft_data import encode, epoch_batches
from harness_plugins.local.sft import Params, harness_trainers

EXAMPLES = tuple(
    Example(id=f"e{i}", prompt=f"{i % 10}+{i * 7 % 10}>", response=f"{(i + i * 7) % 10};" * (1 + i % 6)) for i in range(50)
)


@pytest.fixture
def make_job(tmp_path, save_checkpoint):
    def make(name="job", kind="qwen3", **changes):
        start = changes.pop("start", None) or save_checkpoint(kind)
        job = TrainJob(
            start=start,
            examples=EXAMPLES,
            epochs=2,
            seed=3,
            out=tmp_path / name / "out",
            work=tmp_path / name / "work",
            progress=lambda _progress: None,
        )
        return dataclasses.replace(job, **changes)

    return make


def run(job, **settings):
    (offer,) = harness_trainers()
    offer.load()(job, Params(**settings))
    return [json.loads(line) for line in (job.out / "metrics.jsonl").read_text().splitlines()]


def weights(folder):
    return load_file(folder / "model.safetensors")


def plain_loss(model, batch):
    """Mean over all response tokens of the batch, one text and one token at a time."""
    losses = []
    for text in batch:
        logits = model(input_ids=torch.tensor([[*text.prompt, *text.response]])).logits[0]
        for j, token in enumerate(text.response):
            losses.append(-logits[len(text.prompt) - 1 + j].log_softmax(-1)[token])
    return sum(losses) / len(losses)


@pytest.mark.parametrize("kind", ["qwen3", "gpt2"])
@pytest.mark.parametrize("settings", [{"packing": "bucket"}, {"packing": "pack"}, {"micro_batch_tokens": 40}])
def test_sft_equals_plain_training_loop(make_job, kind, settings):
    job = make_job(kind=kind)
    params = Params(batch_size=16, optimizer="SGD", learning_rate=0.05, grad_clip=None, schedule="linear", **settings)
    lines = run(job, **{f.name: getattr(params, f.name) for f in dataclasses.fields(params)})
    loaded = load_folder(job.start, torch.device("cpu"))
    model, data = loaded.model, encode(EXAMPLES, loaded, params)
    for line in lines:
        batch = epoch_batches(data.texts, line["epoch"], job.seed, params)[(line["step"] - 1) % 4]
        loss = plain_loss(model, batch)
        assert line["loss"] == pytest.approx(loss.item(), abs=1e-5)
        grads = torch.autograd.grad(loss, list(model.parameters()))
        assert line["grad_norm"] == pytest.approx(math.sqrt(sum(float(g.square().sum()) for g in grads)), rel=1e-4)
        with torch.no_grad():
            for parameter, grad in zip(model.parameters(), grads, strict=True):
                parameter -= line["lr"] * grad
    final = load_folder(job.out / "final", torch.device("cpu")).model
    for ours, theirs in zip(final.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_responses_end_with_eos_and_prompts_do_not(save_checkpoint):
    loaded = load_folder(save_checkpoint("qwen3", closes=True), torch.device("cpu"))
    (text,) = encode([Example(id="a", prompt="12", response="3")], loaded, Params()).texts
    ids = loaded.tokenizer.get_vocab()
    assert text.prompt == (ids["<bos>"], ids["1"], ids["2"])
    assert text.response == [ids["3"], ids["<eos>"]]


@pytest.mark.parametrize("packing", ["bucket", "pack"])
def test_each_epoch_takes_every_example_once_in_a_new_order(save_checkpoint, packing):
    loaded = load_folder(save_checkpoint(), torch.device("cpu"))
    params = Params(batch_size=8, packing=packing)
    texts = encode(EXAMPLES, loaded, params).texts
    epochs = [[id(t) for batch in epoch_batches(texts, epoch, 3, params) for t in batch] for epoch in (1, 2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(map(id, texts))
    assert epochs[0] != epochs[1]


def test_sft_writes_checkpoints_transformers_can_use(make_job):
    job = make_job(save_at=(0, 3))
    generation = job.start / "generation_config.json"
    generation.write_text(json.dumps(json.loads(generation.read_text()) | {"use_cache": False, "top_k": 7}))
    lines = run(job, batch_size=16)
    assert [line["step"] for line in lines] == list(range(1, 9))
    assert {p.name for p in job.out.iterdir()} == {"step-0", "step-3", "final", "metrics.jsonl"}
    final = transformers.AutoModelForCausalLM.from_pretrained(job.out / "final", local_files_only=True)
    assert final.config.use_cache is True
    assert final.generation_config.top_k == 7
    assert "use_cache" not in json.loads((job.out / "final" / "generation_config.json").read_text())
    tokenizer = transformers.AutoTokenizer.from_pretrained(job.out / "step-3", local_files_only=True)
    assert tokenizer("1+2")["input_ids"] == load_folder(job.start, torch.device("cpu")).tokenizer("1+2")["input_ids"]
    start, kept, last = weights(job.start), weights(job.out / "step-3"), weights(job.out / "final")
    assert all(torch.equal(tensor, start[name]) for name, tensor in weights(job.out / "step-0").items())
    assert all(not torch.equal(kept[name], last[name]) for name in last)


def test_sft_metrics_hold_what_is_promised(make_job):
    told = []
    lines = run(make_job(progress=told.append), batch_size=32)
    keys = {"step", "epoch", "loss", "grad_norm", "num_too_long", "lr", "tokens", "seconds", "tokens_per_s"}
    assert all(set(line) == keys for line in lines)
    tokens = sum(len(e.prompt) + 1 + len(e.response) + 1 for e in EXAMPLES)
    assert lines[-1]["tokens"] == 2 * tokens
    assert [line["epoch"] for line in lines] == [1, 1, 2, 2]
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert [(p.done, p.total) for p in told] == [(i, 4) for i in (1, 2, 3, 4)]
    assert told[-1].tokens == lines[-1]["tokens"]


def test_sft_gives_the_same_bytes_twice(make_job, save_checkpoint):
    start = save_checkpoint()
    jobs = [make_job(name, start=start) for name in ("one", "two")]
    for job in jobs:
        run(job, batch_size=16)
    one, two = ((job.out / "final" / "model.safetensors").read_bytes() for job in jobs)
    assert one == two


@pytest.mark.parametrize("name", ["Adam", "SGD", "Adafactor", "RMSprop", "NAdam", "Adagrad", "RAdam", "ASGD", "Rprop"])
def test_sft_learns_with_optimizers_of_torch(make_job, name):
    lines = run(make_job(epochs=3), batch_size=16, optimizer=name, learning_rate=3e-3, schedule="constant")
    assert lines[-1]["loss"] < lines[0]["loss"]


def test_optimizer_takes_the_settings_it_has(save_checkpoint):
    model = load_folder(save_checkpoint(), torch.device("cpu")).model
    adam = build_optimizer(model, Params(betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1))
    assert (adam.defaults["betas"], adam.defaults["eps"], adam.defaults["weight_decay"]) == ((0.8, 0.9), 1e-6, 0.1)
    sgd = build_optimizer(model, Params(optimizer="SGD", optimizer_options={"momentum": 0.9}))
    assert sgd.defaults["momentum"] == 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "Sgd"}, "torch.optim has no 'Sgd'; choose one of .*SGD"),
        ({"optimizer": "LBFGS"}, "LBFGS needs a closure"),
        ({"optimizer": "Muon"}, "Muon cannot train this model"),
        ({"optimizer_options": {"momentun": 1}}, "AdamW takes no 'momentun'; it takes amsgrad, "),
    ],
)
def test_sft_refuses_optimizers_that_cannot_work(make_job, settings, message):
    with pytest.raises(UserError, match=message):
        run(make_job(), **settings)


@pytest.mark.parametrize(
    ("examples", "settings", "message"),
    [
        ((), {}, "there are no examples"),
        ((Example(id="x", prompt="1", response=""),), {}, "example 'x' has an empty response"),
        ((Example(id="x", prompt="1", response="2" * 30),), {"max_tokens": 9}, "all 1 examples are longer than 9"),
        (
            (Example(id="x", prompt="1", response="2" * 30),),
            {"max_tokens": 9, "too_long": "refuse"},
            "example 'x' has 33 tokens, over 9",
        ),
        ((Example(id="x", prompt="1", response="2" * 128),), {"too_long": "refuse"}, "over 129"),
    ],
)
def test_sft_refuses_unusable_examples(make_job, examples, settings, message):
    with pytest.raises(DataError, match=message):
        run(make_job(examples=examples), **settings)


@pytest.mark.parametrize(("too_long", "tokens"), [("drop", 7), ("cut", 16)])
def test_sft_says_how_many_examples_were_too_long(make_job, too_long, tokens):
    examples = (Example(id="a", prompt="1", response="2345"), Example(id="b", prompt="1", response="2" * 30))
    (line,) = run(make_job(examples=examples, epochs=1), max_tokens=9, too_long=too_long)
    assert (line["num_too_long"], line["tokens"]) == (1, tokens)


def test_sft_refuses_a_checkpoint_beyond_the_end(make_job):
    with pytest.raises(UserError, match=r"at step 99, but there are 4 steps"):
        run(make_job(save_at=(99,)))


def test_sft_refuses_a_folder_without_a_model(make_job, tmp_path):
    with pytest.raises(UserError, match=r"cannot be loaded: .*; give a Hugging Face folder"):
        run(make_job(start=tmp_path))


def test_sft_stops_at_a_loss_that_is_not_finite(make_job):
    job = make_job(epochs=6)
    with pytest.raises(FloatingPointError, match=r"local-sft: step \d+: the .* at learning rate .* state is of step \d+ in"):
        run(job, optimizer="SGD", learning_rate=90.0, weight_decay=50.0, save_every_steps=1, warmup_share=0, batch_size=8)
    assert not (job.out / "final").exists()


@pytest.mark.parametrize(
    ("schedule", "shares"),
    [
        ("constant", [0.5, 1, 1, 1, 1, 1]),
        ("linear", [0.5, 1, 0.775, 0.55, 0.325, 0.1]),
        ("cosine", [0.5, 1, 0.86819805, 0.55, 0.23180195, 0.1]),
    ],
)
def test_rate_share_rises_then_falls(schedule, shares):
    found = [rate_share(s, 6, warmup_steps=2, schedule=schedule, final_share=0.1) for s in range(1, 7)]
    assert found == pytest.approx(shares)


def test_rate_share_starts_at_the_peak_without_warm_up():
    assert rate_share(1, 5, warmup_steps=0, schedule="cosine", final_share=0.0) == 1
    assert rate_share(1, 1, warmup_steps=0, schedule="cosine", final_share=0.0) == 1
