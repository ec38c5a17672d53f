"""Trainings killed with SIGKILL at random moments and started again end with the files of an undisturbed one."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from harness import Example, TrainJob
from harness_plugins.local import sft

PROGRAM = """
import os, sys, torch
from pathlib import Path
from harness import Example, Grade, Grader, Problem, TrainJob
from harness_plugins.local import grpo, sft
from harness_plugins.local.compute import grpo_loop, sft_loop
from harness_plugins.local.compute.folder import load_folder

def parity(problem, completion):
    return Grade(correct=len(completion) % 2 == int(problem.answer) % 2)

def train(method, start, place):
    examples = tuple(
        Example(id=f"e{i}", prompt=f"{i % 10}+{i // 10}>", response="3;" * (1 + i % 7), answer=str(i)) for i in range(90)
    )
    job = TrainJob(
        start=Path(start), examples=examples, epochs=12, seed=3, out=Path(place) / "out", work=Path(place) / "work",
        save_at=(2, 5), monitor=(Problem(id="m", prompt="1+1>", answer="2"),),
        reward=Grader(name="parity", version="1", summary="pays for a length of the answer's parity", load=lambda: parity),
        progress=lambda p: print("step", int(p.done), flush=True),
    )
    if method == "sft":
        sft.train(job, sft.Params(batch_size=16, learning_rate=3e-3, save_every_s=0.05, save_every_steps=7))
    else:
        grpo.train(job, grpo.Params(
            steps=30, prompts_per_step=8, rollouts=8, max_tokens=16, kl=0.01, monitor_every=3, epochs=2,
            dynamic_filtering="resample", learning_rate=1e-3, schedule="cosine", save_every_s=0.05, save_every_steps=4,
        ))

torch.set_num_threads(1)
for line in sys.stdin:
    load_folder(Path(line.split()[1]), torch.device("cpu"))  # its imports are slow; children inherit them
    pid = os.fork()
    if not pid:
        train(*line.split())
        os._exit(0)
    print("pid", pid, flush=True)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Trainings:
    """Starts trainings, each in a process of its own, from one that has done the slow imports."""

    def __init__(self):
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        self.parent = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def read(self):
        """The next line: "pid" of a new training, "step" it has done, "ended" with its exit code."""
        word, number = self.parent.stdout.readline().split()
        return word, int(number)

    def run(self, method, start, place, kill_after=None):
        """Train; with `kill_after` (steps, seconds), send SIGKILL so long after so many steps. Return the exit code."""
        self.parent.stdin.write(f"{method} {start} {place}\n")
        self.parent.stdin.flush()
        _, pid = self.read()
        steps = 0
        while True:
            word, number = self.read()
            if word == "ended":
                return number
            steps += 1
            if kill_after and steps == kill_after[0]:
                time.sleep(kill_after[1])
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def close(self):
        self.parent.stdin.close()
        self.parent.wait()
        self.parent.stdout.close()


@pytest.fixture(scope="module")
def trainings():
    opened = Trainings()
    yield opened
    opened.close()


def outcome(place):
    """All files' bytes, and the metrics without what depends on the clock."""
    out = place / "out"
    files = {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    lines = [json.loads(line) for line in files.pop("metrics.jsonl").splitlines()]
    clock = [line.pop("seconds") for line in lines]
    for line in lines:
        del line["tokens_per_s"]
    assert clock == sorted(clock)
    return files, lines


@pytest.mark.slow
@pytest.mark.parametrize("method", ["sft", "grpo"])
def test_killed_training_ends_like_an_undisturbed_one(method, save_checkpoint, tmp_path, trainings):
    start, calm, rough = save_checkpoint(), tmp_path / "calm", tmp_path / "rough"
    assert trainings.run(method, start, calm) == 0
    chance, codes = random.Random(11), []
    while len(codes) < 10 and 0 not in codes:
        codes.append(trainings.run(method, start, rough, kill_after=(chance.randint(1, 9), chance.random() * 0.1)))
    assert codes.count(-signal.SIGKILL) >= 4
    assert trainings.run(method, start, rough) == 0
    files, lines = outcome(rough)
    assert {name.split("/")[0] for name in files} == {"step-2", "step-5", "final"}
    assert (files, lines) == outcome(calm)


@pytest.fixture
def job(save_checkpoint, tmp_path):
    examples = tuple(Example(id=f"e{i}", prompt=f"{i}>", response="12") for i in range(30))
    return TrainJob(
        start=save_checkpoint(), examples=examples, seed=3, out=tmp_path / "out", work=tmp_path / "work",
        progress=lambda _progress: None,
    )  # fmt: skip


SETTINGS = sft.Params(batch_size=5, save_every_steps=2)


class Stop(Exception):  # noqa: N818
    pass


def stop_at(step):
    def tell(progress):
        if progress.done == step:
            raise Stop

    return tell


def interrupt(job, step, params=SETTINGS):
    """Train a job up to a step."""
    changed = TrainJob(**{name: getattr(job, name) for name in job.__slots__} | {"progress": stop_at(step)})
    with pytest.raises(Stop):
        sft.train(changed, params)


def steps_done(job, params=SETTINGS):
    """Train a job to its end; return the steps that took."""
    done = []
    sft.train(TrainJob(**{n: getattr(job, n) for n in job.__slots__} | {"progress": lambda p: done.append(p.done)}), params)
    return done


def test_training_goes_on_from_the_newest_state(job):
    interrupt(job, 5)
    assert [p.name for p in job.work.iterdir()] == ["resume-00000004"]
    assert steps_done(job) == [5, 6]
    assert [json.loads(line)["step"] for line in (job.out / "metrics.jsonl").read_text().splitlines()] == [1, 2, 3, 4, 5, 6]


def test_training_passes_over_a_damaged_state(job):
    interrupt(job, 5)
    state = job.work / "resume-00000004" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:100])
    for half in (job.work / ".resume.partial", job.out / ".final.partial"):
        half.mkdir()
        (half / "state.json").write_text("{")
    assert steps_done(job) == [1, 2, 3, 4, 5, 6]
    assert {p.name for p in job.out.iterdir()} == {"final", "metrics.jsonl"}


def test_training_starts_anew_when_its_outputs_are_gone(job):
    interrupt(job, 5)
    (job.out / "metrics.jsonl").unlink()
    assert steps_done(job) == [1, 2, 3, 4, 5, 6]


def test_training_does_not_take_up_another_runs_state(job):
    interrupt(job, 5)
    assert steps_done(job, sft.Params(batch_size=5, save_every_steps=2, learning_rate=5e-4)) == [1, 2, 3, 4, 5, 6]


def test_training_takes_up_a_state_saved_at_another_rhythm(job):
    interrupt(job, 5)
    assert steps_done(job, sft.Params(batch_size=5, save_every_steps=3)) == [5, 6]


def test_seconds_add_up_over_attempts(job):
    interrupt(job, 5)
    before = json.loads((job.out / "metrics.jsonl").read_text().splitlines()[-1])["seconds"]
    time.sleep(0.01)
    steps_done(job)
    lines = [json.loads(line) for line in (job.out / "metrics.jsonl").read_text().splitlines()]
    assert lines[4]["seconds"] > before


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD", "Adafactor", "NAdam", "RAdam", "ASGD", "Rprop", "Adagrad"])
def test_every_optimizer_resumes_to_the_same_bytes(job, tmp_path, optimizer):
    params = sft.Params(batch_size=5, save_every_steps=2, optimizer=optimizer)
    interrupt(job, 5, params)
    steps_done(job, params)
    calm = TrainJob(
        **{n: getattr(job, n) for n in job.__slots__} | {"out": tmp_path / "calm", "work": tmp_path / "calm-work"}
    )
    assert steps_done(calm, params) == [1, 2, 3, 4, 5, 6]
    rough, smooth = (load_file(Path(j.out) / "final" / "model.safetensors") for j in (job, calm))
    assert all(torch.equal(tensor, smooth[name]) for name, tensor in rough.items())
