"""Runs of a stand-in program: launched, watched, failed, stopped, killed and taken up again."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from harness import DataError, Example, MissingError, Problem, UserError
from harness.store import read_json
from harness_plugins.openrlhf import grpo, launch, sft
from harness_plugins.openrlhf.grpo_settings import Params as Grpo
from harness_plugins.openrlhf.launch import ProgramFailedError
from harness_plugins.openrlhf.paths import Paths
from harness_plugins.openrlhf.sft_settings import Params as Sft

HERE = Path(__file__).parent
SFT = Sft(gpus=1, batch_size=2, micro_batch=1)
GRPO = Grpo(gpus=1, prompts_per_step=2, rollouts=2, rollout_micro_batch=1, batch_size=4, micro_batch=1, episodes=2,
            reward_workers=1)  # fmt: skip
TRACES = tuple(Example(id=str(n), prompt=f"{n}+4=", response=f"{n + 4}", answer="7") for n in range(3, 7))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(launch, "_LOOK_S", 0.05)


def rows(job):
    return [json.loads(line) for line in (job.out / "metrics.jsonl").read_text().splitlines()]


def step_of(folder):
    return int((folder / "step").read_text())


def log_of(job):
    return Paths(job.work).log.read_text()


def calls(stand_in):
    return [json.loads(line) for line in stand_in.orders.with_suffix(".calls").read_text().splitlines()]


def test_sft_leaves_checkpoint_metrics_and_facts(stand_in, make_job, checkpoint) -> None:
    told = []
    job = make_job(examples=TRACES, epochs=2, progress=told.append)
    sft.train(job, SFT)
    assert step_of(job.out / "final") == 4 and (job.out / "final" / "tokenizer.json").is_file()
    found = rows(job)
    assert [(row["step"], row["loss"], row["lr"]) for row in found] == [(n, pytest.approx(1 / n), 0.5) for n in range(1, 5)]
    assert all(row["last_micro_batch_loss"] == 9.0 and row["seconds"] >= 0 for row in found)
    assert (told[-1].done, told[-1].total, told[-1].note) == (4, 4, "loss 0.25")
    assert job.facts["program"]["version"] == "0.11.2" and job.facts["program"]["python"] == str(stand_in.python)
    assert calls(stand_in)[0][0] == "deepspeed.launcher.runner"
    assert job.facts["commands"][0][3:] == calls(stand_in)[0][1:], "what is kept is what ran"
    data = [json.loads(line) for line in Paths(job.work).data.read_text().splitlines()]
    assert data[0] == {"input": "<s>3+4=", "output": "7</s>"}


def test_sft_data_in_the_chat_template_is_left_to_it(stand_in, make_job) -> None:
    job = make_job(examples=TRACES)
    sft.train(job, Sft(gpus=1, batch_size=2, micro_batch=1, template="chat"))
    assert json.loads(Paths(job.work).data.read_text().splitlines()[0]) == {"input": "3+4=", "output": "7"}


def test_grpo_leaves_steps_asked_for_and_no_others(stand_in, make_job) -> None:
    told = []
    job = make_job(examples=TRACES, save_at=(4, 6), progress=told.append)
    stand_in.order(steps=7, answers=["7", "8", "7", "7"])
    grpo.train(job, GRPO)
    assert sorted(path.name for path in job.out.iterdir()) == ["final", "metrics.jsonl", "step-4", "step-6"]
    assert [step_of(job.out / name) for name in ("step-4", "step-6", "final")] == [4, 6, 7]
    assert not list(Paths(job.work).states.glob("*_hf")), "step 2 was saved on the way and is not kept"
    assert [row["reward"] for row in rows(job)] == [0.75] * 7
    assert told[-1].tokens == 7 * 2 * 5


def test_grpo_monitor_problems_are_written_with_their_grader(stand_in, make_job) -> None:
    from dataclasses import replace

    job = make_job(examples=TRACES, monitor=(Problem(id="m", prompt="1+1=", answer="2"),))
    grpo.train(job, replace(GRPO, monitor_every=2))
    (row,) = [json.loads(line) for line in Paths(job.work).monitor.read_text().splitlines()]
    assert (row["input"], row["datasource"], json.loads(row["label"])["grader"]) == ("<s>1+1=", "monitor", "monitor")
    with pytest.raises(UserError, match="monitor_every needs problems"):
        grpo.train(make_job(examples=TRACES), replace(GRPO, monitor_every=2))


def test_lora_checkpoints_are_merged_before_they_are_handed_over(stand_in, make_job) -> None:
    from dataclasses import replace

    job = make_job(examples=TRACES, save_at=(2,))
    grpo.train(job, replace(GRPO, lora_rank=4))
    assert (job.out / "final" / "config.json").is_file() and (job.out / "step-2" / "config.json").is_file()
    assert (step_of(job.out / "final"), step_of(job.out / "step-2")) == (4, 2)


@pytest.mark.parametrize("trainer", ["sft", "grpo"])
def test_a_killed_program_is_reported_and_taken_up_where_its_last_state_was(stand_in, make_job, trainer) -> None:
    from dataclasses import replace

    train, params = {"sft": (sft.train, SFT), "grpo": (grpo.train, GRPO)}[trainer]
    params = replace(params, save_every_steps=2)
    job = make_job(examples=TRACES)
    stand_in.order(steps=8, kill_at=6)
    with pytest.raises(ProgramFailedError, match="ended with exit code 137"):
        train(job, params)
    assert [row["step"] for row in rows(job)] == [1, 2, 3, 4, 5]
    before = rows(job)
    stand_in.order(steps=8)
    again = make_job(examples=TRACES)
    train(again, params)
    assert "resumed at step 4" in log_of(job) and again.facts["resumed_at"] == 4
    after = rows(job)
    assert [row["step"] for row in after] == list(range(1, 9))
    assert after[:4] == before[:4]
    assert all(a["seconds"] <= b["seconds"] for a, b in itertools.pairwise(after))
    assert step_of(job.out / "final") == 8


def test_a_step_whose_folder_was_not_written_whole_is_done_again(stand_in, make_job) -> None:
    """Its state was saved and its folder was not: from that state OpenRLHF would never write it."""
    job = make_job(examples=TRACES, save_at=(2, 4))
    stand_in.order(steps=6, kill_before_hf=4)
    with pytest.raises(ProgramFailedError):
        grpo.train(job, GRPO)
    assert (Paths(job.work).states / "_actor" / "latest").read_text() == "global_step4"
    assert not (Paths(job.work).states / "global_step4_hf").exists()
    stand_in.order(steps=6)
    grpo.train(make_job(examples=TRACES, save_at=(2, 4)), GRPO)
    assert "resumed at step 2" in log_of(job)
    assert [step_of(job.out / f"step-{n}") for n in (2, 4)] == [2, 4]


def test_a_run_with_no_usable_state_starts_anew(stand_in, make_job) -> None:
    job = make_job(examples=TRACES, save_at=(4,))
    stand_in.order(steps=6, kill_before_hf=4)
    with pytest.raises(ProgramFailedError):
        grpo.train(job, GRPO)
    stand_in.order(steps=6)
    grpo.train(make_job(examples=TRACES, save_at=(4,)), GRPO)
    assert log_of(job).count("resumed at step 0") == 2
    assert step_of(job.out / "step-4") == 4


def test_a_failure_shows_the_tail_of_the_log_and_the_command(stand_in, make_job) -> None:
    stand_in.order(fail_at=2)
    with pytest.raises(ProgramFailedError) as caught:
        sft.train(make_job(examples=TRACES), SFT)
    said = str(caught.value)
    assert "ended with exit code 1" in said and "RuntimeError: CUDA out of memory, say" in said
    assert "progress 2" in said and "progress 1" not in said
    assert f"the command was: {stand_in.python} -m deepspeed.launcher.runner" in said


def test_a_program_that_ends_well_without_a_checkpoint_has_failed(stand_in, make_job) -> None:
    """So do DeepSpeed's launcher whose workers were killed, and `ray job submit` of a job that was stopped."""
    stand_in.order(exit_early=True)
    with pytest.raises(ProgramFailedError, match="ended without an error and without writing"):
        sft.train(make_job(examples=TRACES), SFT)


def test_a_step_beyond_the_end_is_said_so(stand_in, make_job) -> None:
    with pytest.raises(ProgramFailedError, match="asked for at step 6, but the run ended after 4 steps; train longer"):
        grpo.train(make_job(examples=TRACES, save_at=(2, 6)), GRPO)


def test_a_raising_grader_stops_the_run_with_its_message(stand_in, make_job) -> None:
    stand_in.order(answers=["7", "RAISE"])
    job = make_job(examples=TRACES)
    begun = time.monotonic()
    with pytest.raises(grpo.RewardFailedError, match=r"grader 'moody': RuntimeError: the grader is broken; problem '3'"):
        grpo.train(job, GRPO)
    assert time.monotonic() - begun < 60, "and not when OpenRLHF would have gone on"
    assert not (job.out / "metrics.jsonl").exists(), "no step was trained on the missing reward"
    wait_for(lambda: not running(stand_in), seconds=5)


def running(stand_in):
    """Return the processes of the stand-in's Python that still run."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if str(stand_in.python) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_a_worker_that_is_killed_takes_its_program_along_and_the_run_is_taken_up(stand_in, make_job, tmp_path) -> None:
    job = make_job(examples=TRACES, save_at=(2,))
    settings = {"gpus": 1, "prompts_per_step": 2, "rollouts": 2, "rollout_micro_batch": 1, "batch_size": 4, "micro_batch": 1}
    given = {"out": str(job.out), "work": str(job.work), "start": str(job.start), "save_at": [2],
             "plugin": str(job.plugin_files[0]), "settings": settings}  # fmt: skip
    stand_in.order(steps=6, hang_at=4, answers=["7"])
    worker = subprocess.Popen([sys.executable, HERE / "train_alone.py"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    worker.stdin.write(json.dumps(given).encode())
    worker.stdin.close()
    wait_for(lambda: (job.out / "step-2").is_dir())
    wait_for(lambda: len(running(stand_in)) >= 2)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    wait_for(lambda: not running(stand_in))
    stand_in.order(steps=6, answers=["7"])
    grpo.train(job, Grpo(**settings))
    assert "resumed at step 2" in log_of(job)
    assert (step_of(job.out / "step-2"), step_of(job.out / "final")) == (2, 6)
    assert [row["step"] for row in rows(job)] == [1, 2, 3, 4, 5, 6]


def test_an_interruption_ends_the_program(stand_in, make_job) -> None:
    job = make_job(examples=TRACES)

    def interrupt(_progress):
        raise KeyboardInterrupt

    stand_in.order(steps=6, hang_at=3)
    with pytest.raises(KeyboardInterrupt):
        sft.train(make_job(examples=TRACES, progress=interrupt), SFT)
    wait_for(lambda: not running(stand_in), seconds=5)
    assert not (job.out / "final").exists()


def test_jobs_on_a_ray_cluster_are_stopped_when_they_fail_and_before_another_is_sent(stand_in, make_job) -> None:
    from dataclasses import replace

    params = replace(GRPO, ray_address="http://head:8265")
    stand_in.order(fail_at=1)
    with pytest.raises(ProgramFailedError):
        grpo.train(make_job(examples=TRACES), params)
    stand_in.order()
    job = make_job(examples=TRACES)
    grpo.train(job, params)
    jobs = [call[2:4] + call[-1:] if "stop" in call else [call[2]] for call in calls(stand_in) if call[0].startswith("ray.")]
    names = [call[call.index("--submission-id") + 1] for call in calls(stand_in) if "submit" in call]
    assert [one[0] for one in jobs] == ["submit", "stop", "stop", "submit"]
    assert jobs[1][-1] == jobs[2][-1] == names[0]
    assert names[0].endswith("-1") and names[1].endswith("-2")
    assert read_json(job.work / "attempts.json") == {"attempts": 2}


def test_nothing_is_started_without_openrlhf(make_job, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("HARNESS_OPENRLHF_PYTHON", raising=False)
    with pytest.raises(MissingError, match=r"run: python -m pip install 'openrlhf\[vllm\]==0.11.2'"):
        sft.train(make_job(examples=TRACES), SFT)


@pytest.mark.parametrize("bad", [",", "@"])
def test_a_store_whose_path_openrlhf_would_split_is_refused(stand_in, make_job, tmp_path, bad) -> None:
    with pytest.raises(UserError, match=f"has a '{bad}', where OpenRLHF splits paths; choose another folder with --store"):
        sft.train(make_job(examples=TRACES, work=tmp_path / f"a{bad}b"), SFT)


@pytest.mark.parametrize(
    ("train", "changes", "said"),
    [
        (sft.train, {"examples": (Example(id="x", prompt="1", response=""),)}, "example 'x': its response is empty"),
        (sft.train, {"examples": (Example(id="x", prompt="", response="1"),)}, "example 'x': its prompt is empty"),
        (sft.train, {"examples": TRACES[:1]}, "1 examples x 1 epochs do not fill one batch of 2"),
        (grpo.train, {"examples": ()}, "there are no prompts"),
        (grpo.train, {"examples": (Example(id="x", prompt="1", response=""),)}, "example 'x': has no answer"),
    ],
)
def test_data_that_cannot_be_used_is_refused_before_anything_is_started(stand_in, make_job, train, changes, said) -> None:
    with pytest.raises(DataError, match=said):
        train(make_job(**changes), SFT if train is sft.train else GRPO)
    assert not stand_in.orders.with_suffix(".calls").exists()


def test_a_tokenizer_without_an_end_is_refused(stand_in, make_job, checkpoint) -> None:
    (checkpoint / "tokenizer_config.json").write_text("{}")
    with pytest.raises(UserError, match="has no end-of-sequence token"):
        sft.train(make_job(examples=TRACES), SFT)


def test_the_program_does_not_inherit_what_is_for_this_process(stand_in, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    code = "import os, signal; print(os.environ.get('OMP_NUM_THREADS'), os.environ['PATH'].split(':')[0]);"
    code += "print(signal.getsignal(signal.SIGINT) == signal.default_int_handler)"
    launch.run([str(stand_in.python), "-c", code], tmp_path / "log")
    assert (tmp_path / "log").read_text().splitlines()[-2:] == [f"None {stand_in.python.parent}", "True"]
    assert os.environ["OMP_NUM_THREADS"] == "1"
