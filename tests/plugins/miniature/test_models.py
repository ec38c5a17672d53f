import json
import random
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness import NoParams, Problem
from harness_plugins.miniature import architecture, check, heldout, models, pretrain
from harness_plugins.miniature.forward import next_token_logits, rotary_tables
from harness_plugins.miniature.vocabulary import BOS_ID, EOS_ID, PAD_ID, encode


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def base_folder() -> Path:
    return models.load_base(NoParams(), SimpleNamespace())


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()


def test_shipped_base_is_complete_small_and_free_of_traps():
    files = {file.name: file.stat().st_size for file in base_folder().iterdir()}
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json"} <= set(files)
    assert files["model.safetensors"] < 1_000_000
    assert sum(files.values()) < 2_000_000
    generation = json.loads((base_folder() / "generation_config.json").read_text())
    config = json.loads((base_folder() / "config.json").read_text())
    assert generation["use_cache"] is True
    assert config["use_cache"] is True
    for settings in (generation, config):
        assert [settings[f"{name}_token_id"] for name in ("pad", "bos", "eos")] == [PAD_ID, BOS_ID, EOS_ID]


def test_shipped_base_assigns_heldout_traces_a_loss_far_under_chance():
    model, tables = load(base_folder()), None
    tables = rotary_tables(model.config)
    rows = [
        ([BOS_ID, *encode(example.prompt)], [*encode(example.response), EOS_ID])
        for example in heldout.load(heldout.Params(examples=200), SimpleNamespace())
    ]
    with torch.no_grad():
        loss = pretrain._response_loss(model, rows, tables).item()
    assert 0.05 < loss < 0.4  # uniform over 39 tokens: 3.66


def test_shipped_base_generates_well_formed_answers_through_transformers():
    model = load(base_folder())
    tokenizer = AutoTokenizer.from_pretrained(base_folder(), local_files_only=True)
    ids = tokenizer("S47+85>", return_tensors="pt")["input_ids"]
    torch.manual_seed(0)
    out = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=64, num_return_sequences=16)
    texts = tokenizer.batch_decode(out[:, ids.shape[1] :], skip_special_tokens=True)
    grades = [check.grade(Problem(id="x", prompt="S47+85>", answer="132"), text) for text in texts]
    assert sum(grade.answer is not None for grade in grades) >= 14


@pytest.mark.parametrize("size", ["tiny", "small", "medium"])
def test_hand_written_forward_equals_transformers_when_given_the_same_weights(size):
    model = architecture.build_blank(size, seed=3).eval()
    ids = torch.randint(3, 39, (3, 40), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = model(input_ids=ids).logits
        torch.testing.assert_close(next_token_logits(model, ids, rotary_tables(model.config)), expected)


def test_blank_is_a_function_of_its_seed_and_leaves_the_random_state_alone(tmp_path):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    folders = []
    for index, seed in enumerate((0, 0, 1)):
        context = SimpleNamespace(work=tmp_path / str(index))
        folders.append(models.load_blank(models.BlankParams(seed=seed), context))
    assert torch.equal(torch.rand(3), expected)
    first, second, other = [(folder / "model.safetensors").read_bytes() for folder in folders]
    assert first == second != other
    assert load(folders[0]).num_parameters() == 125_920


def test_pretraining_lowers_the_loss_and_repeats_itself(tmp_path, capsys):
    sizes = {"add": (2, 2)}
    stage = pretrain.Stage(
        seed=1, steps=60, learning_rate=5e-3, sizes=sizes, style_weights=(1.0, 0.0, 0.0, 0.0), slip=0.05, misconceived=0.2
    )
    for name in ("a", "b"):
        pretrain.pretrain(tmp_path / name, (stage,))
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == (tmp_path / "b" / "model.safetensors").read_bytes()
    assert "stage 1: step 60/60" in capsys.readouterr().err
    model = load(tmp_path / "a")
    rows = [next(pretrain._rows(stage, random.Random(9))) for _ in range(32)]
    with torch.no_grad():
        assert pretrain._response_loss(model, rows, rotary_tables(model.config)).item() < 2.2


def test_response_loss_counts_responses_only():
    model = architecture.build_blank("tiny", seed=0)
    tables = rotary_tables(model.config)
    rows = [([BOS_ID, *encode("S12+34>")], [*encode("A46"), EOS_ID]), ([BOS_ID, *encode("S1+3>")], [*encode("A4"), EOS_ID])]
    with torch.no_grad():
        total = 0.0
        for prompt, response in rows:
            logits = model(input_ids=torch.tensor([prompt + response])).logits[0]
            scores = torch.log_softmax(logits, dim=-1)
            total -= sum(scores[len(prompt) - 1 + i, token].item() for i, token in enumerate(response))
        assert pretrain._response_loss(model, rows, tables).item() == pytest.approx(total / 7, rel=1e-4)
