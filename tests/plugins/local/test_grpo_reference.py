"""local-grpo against the formula, written out token by token over transformers' own forward."""

import copy
import dataclasses
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from harness import Example, Grade, Grader, TrainJob
from harness_plugins.local.compute.folder import load_folder
from harness_plugins.local.compute.forward import Scorer
from harness_plugins.local.compute.generate import Completion
from harness_plugins.local.compute.grpo_loop import minibatches
from harness_plugins.local.compute.grpo_loss import Tally, accumulate, group_rows
from harness_plugins.local.compute.grpo_rollout import Group, Rollouts
from harness_plugins.local.grpo import Params, train


def logprobs_of(model, prompt, tokens):
    logits = model(input_ids=torch.tensor([[*prompt, *tokens]])).logits[0]
    return [logits[len(prompt) - 1 + j].log_softmax(-1)[token] for j, token in enumerate(tokens)]


def plain_loss(model, reference, groups, params):
    """The loss of one minibatch: a mean over tokens, or over completions of means over their tokens."""
    low = params.clip_low or params.clip
    high = params.clip_high or params.clip
    completions = []
    for group in groups:
        mean = sum(group.rewards) / len(group.rewards)
        deviation = (sum((r - mean) ** 2 for r in group.rewards) / (len(group.rewards) - 1)) ** 0.5
        for completion, reward in zip(group.completions, group.rewards, strict=True):
            advantage = reward - mean
            if params.scale_by_std:
                advantage /= deviation + params.advantage_epsilon
            new = logprobs_of(model, group.prompt, completion.tokens)
            old = [float(p) for p in completion.logprobs]
            losses = []
            for j in range(len(completion.tokens)):
                ratio = torch.exp(new[j] - old[j])
                clipped = min(max(ratio.item(), 1 - low), 1 + high)
                # The smaller of the two; the clipped one is a constant where it differs.
                gain = (
                    ratio * advantage
                    if ratio.item() * advantage <= clipped * advantage
                    else torch.tensor(clipped * advantage)
                )
                losses.append(-gain)
            if params.kl:
                with torch.no_grad():
                    start = logprobs_of(reference, group.prompt, completion.tokens)
                for j in range(len(losses)):
                    losses[j] = losses[j] + params.kl * (torch.exp(start[j] - new[j]) - (start[j] - new[j]) - 1)
            completions.append(losses)
    if params.loss_mean == "token":
        return sum(sum(losses) for losses in completions) / sum(len(losses) for losses in completions)
    return sum(sum(losses) / len(losses) for losses in completions) / len(completions)


def make_groups(model, num_groups=3, size=4, seed=0):
    """Groups whose old log-probabilities lie off the model's by about .3, so that both clips are at work."""
    draw = np.random.default_rng(seed)
    groups = []
    for number in range(num_groups):
        prompt = tuple(draw.integers(3, 32, draw.integers(1, 6)).tolist())
        completions = []
        for index in range(size):
            tokens = draw.integers(3, 32, draw.integers(1, 12)).tolist()
            with torch.no_grad():
                near = [p.item() for p in logprobs_of(model, prompt, tokens)]
            old = (np.array(near) + draw.normal(0, 0.3, len(tokens))).astype(np.float32)
            completions.append(
                Completion(problem_id="p", index=index, tokens=tokens, logprobs=old, entropies=old, stopped=True)
            )
        rewards = np.ones(size) if number == 1 else (np.arange(size) < 1 + number % 2).astype(float)
        groups.append(Group(prompt=prompt, completions=tuple(completions), rewards=rewards))
    return groups


OPTIONS = [
    {},
    {"clip": 0.1},
    {"clip_low": 0.3, "clip_high": 0.05},
    {"clip_high": 0.28},
    {"kl": 0.1},
    {"loss_mean": "sequence"},
    {"scale_by_std": False},
    {"advantage_epsilon": 0.5},
    {"kl": 0.3, "loss_mean": "sequence", "clip_low": 0.1, "clip_high": 0.4, "scale_by_std": False},
    {"micro_batch_tokens": 20, "kl": 0.1},
    {"micro_batch_tokens": 20, "loss_mean": "sequence"},
]


@pytest.mark.parametrize("kind", ["qwen3", "gpt2"])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: " ".join(f"{k}={v}" for k, v in options.items()) or "plain")
def test_grpo_loss_and_gradient_equal_the_formula(tiny_model, kind, options):
    params = Params(**options)
    model, reference = tiny_model(kind), tiny_model(kind, seed=1)
    groups = make_groups(model)
    rows = [row for group in groups for row in group_rows(group, params, Scorer(reference) if params.kl else None)]
    tally = Tally()
    loss = accumulate(Scorer(model), rows, params, tally)
    ours = [parameter.grad.clone() for parameter in model.parameters()]
    plain = plain_loss(model, reference, groups, params)
    assert loss == pytest.approx(plain.item(), abs=1e-5)
    for own, theirs in zip(ours, torch.autograd.grad(plain, list(model.parameters())), strict=True):
        torch.testing.assert_close(own, theirs, atol=1e-5, rtol=1e-5)
    assert 0.05 < tally.clipped / tally.tokens < 0.95


EXAMPLES = tuple(Example(id=f"e{i}", prompt=f"{i}>", response="", answer=str(i)) for i in range(10))


def _even(problem, completion):
    return Grade(correct=len(completion) % 2 == 0 and int(problem.id[1:]) % 3 > 0)


EVEN = Grader(name="even", version="1", summary="pays for even lengths, to most prompts", load=lambda: _even)


def plain_step(job, params, groups, model, reference):
    """One RL step with plain gradient descent, in place; the mean loss over its updates."""
    kept = [g for g in groups if params.dynamic_filtering == "off" or len(set(g.rewards.tolist())) > 1]
    losses = []
    for part in minibatches(kept, 1, job.seed, params):
        loss = plain_loss(model, reference, [kept[i] for i in part], params)
        grads = torch.autograd.grad(loss, list(model.parameters()))
        losses.append(loss.item())
        with torch.no_grad():
            for parameter, grad in zip(model.parameters(), grads, strict=True):
                parameter -= params.learning_rate * grad
    return sum(losses) / len(losses), len(losses)


STEPS = [
    {"minibatches": 1},
    {"minibatches": 2},
    {"minibatches": 2, "epochs": 3},
    {"dynamic_filtering": "off"},
    {"dynamic_filtering": "off", "kl": 0.2, "epochs": 2},
    {"dynamic_filtering": "resample", "resample_rounds": 2},
    {"kl": 0.1, "epochs": 2, "loss_mean": "sequence"},
]


@pytest.mark.parametrize("options", STEPS, ids=lambda options: " ".join(f"{k}={v}" for k, v in options.items()))
def test_grpo_step_equals_plain_gradient_descent(tmp_path, save_checkpoint, options):
    job = TrainJob(
        start=save_checkpoint(), examples=EXAMPLES, seed=5, out=tmp_path / "out", work=tmp_path / "work", reward=EVEN,
        progress=lambda _progress: None,
    )  # fmt: skip
    params = Params(
        steps=1, prompts_per_step=6, rollouts=4, max_tokens=40, warmup_steps=0, grad_clip=None,
        optimizer="SGD", learning_rate=0.1, **options,
    )  # fmt: skip
    train(job, params)
    (line,) = map(json.loads, (job.out / "metrics.jsonl").read_text().splitlines())
    loaded = load_folder(job.start, torch.device("cpu"))
    groups = Rollouts(job, params, loaded).draw(1)
    mean_loss, num_updates = plain_step(job, params, groups, loaded.model, copy.deepcopy(loaded.model))
    assert (line["loss"], line["num_updates"]) == (pytest.approx(mean_loss, abs=1e-5), num_updates)
    assert line["zero_variance_share"] > 0
    assert (line["clip_fraction"] > 0) is (params.epochs * params.minibatches > 1)
    final, start = load_file(job.out / "final" / "model.safetensors"), load_file(job.start / "model.safetensors")
    names = dict(loaded.model.named_parameters())
    for name, tensor in final.items():
        torch.testing.assert_close(tensor, names[name].detach(), atol=1e-5, rtol=1e-5)
    assert any(not torch.allclose(tensor, start[name], atol=1e-3) for name, tensor in final.items())


def test_minibatches_hold_every_group_once_an_epoch_in_new_orders(tiny_model):
    params = Params(minibatches=3, epochs=2)
    groups = make_groups(tiny_model("qwen3"), num_groups=10)
    parts = list(minibatches(groups, 4, 0, params))
    assert [len(part) for part in parts] == [4, 3, 3, 4, 3, 3]
    epochs = [[index for part in half for index in part] for half in (parts[:3], parts[3:])]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(10))
    assert epochs[0] != epochs[1]
    assert sorted(minibatches(groups[:2], 4, 0, dataclasses.replace(params, epochs=1))) == [[0], [1]]
    assert not list(minibatches([], 4, 0, params))
