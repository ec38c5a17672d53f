"""local-grpo: that it learns, what it draws, what it writes, and what it refuses."""

import dataclasses
import json
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file

from harness import DataError, Example, Grade, Grader, Problem, TrainJob, UserError
from harness_plugins.local import sft
from harness_plugins.local.compute.folder import load_folder
from harness_plugins.local.compute.grpo_loss import advantages
from harness_plugins.local.compute.grpo_rollout import Rollouts
from harness_plugins.local.grpo import Params, harness_trainers

DIGITS = tuple(Example(id=f"d{i}", prompt=f"{i}>", response="", answer=str(i)) for i in range(10))
SMALL = {"prompts_per_step": 6, "rollouts": 4, "max_tokens": 12, "minibatches": 2}


def _echo(problem, completion):
    return Grade(correct=completion == problem.answer, answer=completion)


def _parity(problem, completion):
    return Grade(correct=len(completion) % 2 == int(problem.id[1:]) % 2)


ECHO = Grader(name="echo", version="1", summary="pays for the answer alone", load=lambda: _echo)
PARITY = Grader(name="parity", version="1", summary="pays for a length of the problem's parity", load=lambda: _parity)


@pytest.fixture
def make_job(tmp_path, save_checkpoint):
    def make(name="job", kind="qwen3", **changes):
        start = changes.pop("start", None) or save_checkpoint(kind)
        job = TrainJob(
            start=start, examples=DIGITS, seed=7, out=tmp_path / name / "out", work=tmp_path / name / "work",
            reward=PARITY, progress=lambda _progress: None,
        )  # fmt: skip
        return dataclasses.replace(job, **changes)

    return make


def run(job, **settings):
    (offer,) = harness_trainers()
    offer.load()(job, Params(**settings))
    return [json.loads(line) for line in (job.out / "metrics.jsonl").read_text().splitlines()]


def draw(job, step, **settings):
    params = Params(**SMALL | settings)
    return Rollouts(job, params, load_folder(job.start, torch.device("cpu"))).draw(step)


def test_grpo_learns_to_echo_a_digit_within_a_minute(make_job):
    blind = tuple(
        Example(id=f"{i}-{j}", prompt=f"{i}>", response=str(j)) for i in range(10) for j in range(10)
    )  # any digit, whatever was asked: chance is .1
    warm = make_job("warm", examples=blind, epochs=8, reward=None)
    sft.train(warm, sft.Params(learning_rate=3e-3))
    begun = time.process_time()
    lines = run(
        make_job(start=warm.out / "final", reward=ECHO), steps=120, learning_rate=1e-3, max_tokens=8, prompts_per_step=10
    )
    assert lines[0]["reward"] < 0.25
    assert np.mean([line["reward"] for line in lines[-5:]]) > 0.9
    assert time.process_time() - begun < 60


def test_grpo_metrics_hold_what_is_promised(make_job):
    told = []
    monitor = tuple(Problem(id=f"d{i}", prompt=f"{i}>", answer=str(i)) for i in range(4))
    job = make_job(monitor=monitor, progress=told.append)
    lines = run(job, steps=5, monitor_every=2, kl=0.01, **SMALL)
    always = {
        "step", "reward", "reward_std", "entropy", "clip_fraction", "policy_kl", "kl", "zero_variance_share", "length_mean",
        "truncated_share", "loss", "grad_norm", "num_updates", "lr", "num_completions", "tokens", "seconds", "tokens_per_s",
    }  # fmt: skip
    assert [set(line) - always for line in lines] == [set(), {"monitor_accuracy"}, set(), *[{"monitor_accuracy"}] * 2]
    assert all(always <= set(line) for line in lines)
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5]
    assert [round(line["lr"] / 4e-4, 3) for line in lines] == [0.2, 0.4, 0.6, 0.8, 1]
    assert all(line["num_completions"] == 24 for line in lines)
    assert [(p.done, p.total, p.tokens) for p in told] == [(n["step"], 5, n["tokens"]) for n in lines]
    assert lines[0]["kl"] == pytest.approx(0, abs=1e-3)


def test_grpo_metrics_agree_with_the_completions(make_job):
    job = make_job()
    (line,) = run(job, steps=1, **SMALL)
    groups = draw(job, 1)
    completions = [c for g in groups for c in g.completions]
    rewards = np.array([g.rewards for g in groups])
    assert line["reward"] == pytest.approx(rewards.mean())
    assert line["reward_std"] == pytest.approx(rewards.std(1).mean())
    assert line["zero_variance_share"] == pytest.approx((rewards.std(1) == 0).mean())
    assert line["entropy"] == pytest.approx(np.concatenate([c.entropies for c in completions]).mean(), rel=1e-5)
    assert line["length_mean"] == np.mean([len(c.tokens) for c in completions])
    assert line["truncated_share"] == np.mean([not c.stopped for c in completions]) > 0
    assert line["tokens"] == sum(len(g.prompt) + len(c.tokens) for g in groups for c in g.completions)


def test_truncated_completions_are_paid_nothing(make_job):
    pays_all = Grader(name="all", version="1", summary="pays all", load=lambda: lambda _p, _c: Grade(correct=True))
    groups = draw(make_job(reward=pays_all), 1)
    paid = [(c.stopped, r) for g in groups for c, r in zip(g.completions, g.rewards, strict=True)]
    assert {stopped for stopped, _ in paid} == {True, False}
    assert all(reward == float(stopped) for stopped, reward in paid)


def test_draw_depends_on_seed_and_step_alone(make_job):
    job = make_job()
    tokens = {
        key: [(g.prompt, [c.tokens for c in g.completions]) for g in draw(dataclasses.replace(job, seed=key[0]), key[1])]
        for key in [(1, 3), (1, 4), (2, 3)]
    }
    again = [(g.prompt, [c.tokens for c in g.completions]) for g in draw(dataclasses.replace(job, seed=1), 3)]
    assert tokens[1, 3] == again
    assert tokens[1, 3] != tokens[1, 4] != tokens[2, 3] != tokens[1, 3]


def test_prompts_come_equally_often(make_job):
    job, seen = make_job(), []
    for step in range(1, 6):
        seen += [group.prompt for group in draw(job, step, rollouts=2, max_tokens=1)]
    assert len(seen) == 30
    assert {seen.count(prompt) for prompt in seen} == {3}
    assert all(len(set(seen[i : i + 10])) == 10 for i in (0, 10, 20))


def test_a_prompt_that_comes_twice_in_a_step_is_drawn_anew(make_job):
    first, second = draw(make_job(examples=DIGITS[:1]), 1, prompts_per_step=2)
    assert first.prompt == second.prompt
    assert [c.tokens for c in first.completions] != [c.tokens for c in second.completions]


def test_resampling_draws_until_enough_groups_teach(make_job):
    job = make_job()
    dropped = draw(job, 1, prompts_per_step=10, rollouts=2)
    filled = draw(job, 1, prompts_per_step=10, rollouts=2, dynamic_filtering="resample", resample_rounds=50)
    assert sum(g.is_informative for g in dropped) < 10 == sum(g.is_informative for g in filled)
    assert len(dropped) == 10 < len(filled)


def test_resampling_ends_when_no_prompt_teaches(make_job):
    pays_none = Grader(name="none", version="1", summary="pays none", load=lambda: lambda _p, _c: Grade(correct=False))
    job = make_job(reward=pays_none)
    (line,) = run(job, steps=1, dynamic_filtering="resample", resample_rounds=3, **SMALL)
    assert (line["num_completions"], line["num_updates"], line["loss"]) == (4 * 6 * 4, 0, 0)
    start, final = (load_file(f / "model.safetensors") for f in (job.start, job.out / "final"))
    assert all(torch.equal(tensor, start[name]) for name, tensor in final.items())


def test_advantages_are_normalised_within_the_group():
    rewards = np.array([1.0, 0, 0, 0])
    scaled = advantages(rewards, Params(advantage_epsilon=1e-9))
    np.testing.assert_allclose(scaled, [1.5, -0.5, -0.5, -0.5], rtol=1e-6)
    np.testing.assert_allclose(advantages(rewards, Params(scale_by_std=False)), [0.75, -0.25, -0.25, -0.25])


def test_kl_holds_the_policy_near_its_start(make_job, save_checkpoint):
    start = save_checkpoint()
    drift = {}
    for kl in (0.001, 1.0):
        lines = run(make_job(f"kl-{kl}", start=start), steps=12, learning_rate=3e-3, warmup_steps=0, kl=kl, **SMALL)
        drift[kl] = lines[-1]["kl"]
    assert drift[1.0] < drift[0.001] / 2


def test_grpo_gives_the_same_bytes_twice_and_keeps_checkpoints(make_job, save_checkpoint):
    start = save_checkpoint()
    jobs = [make_job(name, start=start, save_at=(1, 3)) for name in ("one", "two")]
    for job in jobs:
        run(job, steps=3, **SMALL)
    for name in ("step-1", "step-3", "final"):
        one, two = ((job.out / name / "model.safetensors").read_bytes() for job in jobs)
        assert one == two
        transformers.AutoTokenizer.from_pretrained(jobs[0].out / name, local_files_only=True)
    kept = [load_file(jobs[0].out / name / "model.safetensors") for name in ("step-1", "step-3", "final")]
    assert any(not torch.equal(kept[0][name], kept[1][name]) for name in kept[0])
    assert all(torch.equal(kept[1][name], kept[2][name]) for name in kept[1])


def test_monitor_is_graded_by_its_own_grader(make_job):
    pays_all = Grader(name="all", version="1", summary="pays all", load=lambda: lambda _p, _c: Grade(correct=True))
    monitor = (Problem(id="m0", prompt="1+1>", answer="2"),)
    job = make_job(monitor=monitor, monitor_grader=pays_all)
    lines = run(job, steps=2, monitor_every=1, monitor_samples=64, **SMALL)
    # All that ended by itself is paid, and nothing else.
    assert all(0.1 < line["monitor_accuracy"] < 1 for line in lines)


def test_grpo_trains_models_outside_the_family(make_job):
    lines = run(make_job(kind="gpt2"), steps=2, **SMALL)
    assert [line["num_updates"] for line in lines] == [2, 2]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"examples": ()}, DataError, "there are no prompts"),
        ({"examples": (Example(id="x", prompt="1", response=""),)}, DataError, "prompt 'x' has no answer"),
        ({"examples": (Example(id="x", prompt="1" * 200, response="", answer="1"),)}, DataError, "'x' has 201 tokens"),
        ({"reward": None}, UserError, "there is no reward"),
        ({"save_at": (9,)}, UserError, "at step 9, but there are 3 steps"),
    ],
)
def test_grpo_refuses_jobs_it_cannot_do(make_job, changes, error, message):
    with pytest.raises(error, match=message):
        run(make_job(**changes), steps=3, **SMALL)


def test_trainer_offers_import_nothing_heavy():
    code = (
        "import sys; from harness_plugins.local import grpo, sft; "
        "names = [o.name for m in (sft, grpo) for o in m.harness_trainers()]; "
        "assert names == ['local-sft', 'local-grpo'] and 'torch' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
