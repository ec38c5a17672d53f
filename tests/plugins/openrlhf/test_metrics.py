"""metrics.jsonl from event files that TensorBoard's own writer wrote."""

from __future__ import annotations

import json
import math
import subprocess

import pytest

from harness_plugins.openrlhf.events import EventFile
from harness_plugins.openrlhf.metrics import RL_NAMES, Metrics

WRITE = """
import json, sys
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
for folder, events in json.load(sys.stdin):
    file = EventFileWriter(folder)
    for wall_time, step, tag, value in events:
        if isinstance(value, str):
            summary = Summary(value=[Summary.Value(tag=tag, metadata={"plugin_data": {"plugin_name": value}})])
        else:
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        file.add_event(Event(wall_time=wall_time, step=step, summary=summary))
    file.close()
"""


@pytest.fixture
def write(openrlhf, tmp_path):
    """Write event files by TensorBoard, in order, named by the second given; return their folder."""

    def run(**files):
        folder = tmp_path / "events"
        folder.mkdir(exist_ok=True)
        jobs = [[str(tmp_path / f"raw-{name}"), events] for name, events in files.items()]
        subprocess.run([openrlhf, "-c", WRITE], input=json.dumps(jobs), text=True, check=True)
        for name, (place, _) in zip(files, jobs, strict=True):
            (made,) = (tmp_path / place).iterdir()
            made.rename(folder / f"events.out.tfevents.{name.removeprefix('at')}.host.1.0")
        return folder

    return run


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_events_are_read_as_tensorboard_wrote_them(write) -> None:
    wanted = [(5.5, 3, "train/é", 0.25), (6.0, 2**40, "train/b", -1e30), (7.0, 0, "c", 0.0)]
    (path,) = write(at1=[*wanted, (8.0, 4, "text", "words")]).iterdir()
    found = [(n.wall_time, n.step, n.tag, n.value) for n in EventFile(path).read()]
    assert found[0] == wanted[0] and found[2] == wanted[2] and len(found) == 3, "what is no number is passed over"
    assert found[1][:3] == wanted[1][:3] and found[1][3] == pytest.approx(-1e30, rel=1e-6)


def test_events_of_a_growing_file_are_read_once_each_and_never_in_part(write, tmp_path) -> None:
    (whole,) = write(at1=[(float(n), n, "train/x", n / 2) for n in range(1, 6)]).iterdir()
    data, growing = whole.read_bytes(), tmp_path / "growing"
    growing.write_bytes(b"")
    file, found = EventFile(growing), []
    for end in range(0, len(data) + 1, 7):
        growing.write_bytes(data[:end])
        found += file.read()
    growing.write_bytes(data)
    found += file.read()
    assert [(n.step, n.value) for n in found] == [(n, n / 2) for n in range(1, 6)]


def test_metrics_have_a_row_a_step_with_our_names(write, tmp_path) -> None:
    events = [(100.0, 1, "train/rollout/reward_mean", 0.5), (100.0, 1, "train/policy_loss", 2.0),
              (100.0, 1, "train/rollout/response_length_mean", 8.0), (100.0, 1, "train/rollout/num_samples", 4.0),
              (100.0, 1, "train/kl", 0.125), (130.0, 1, "eval/eval_monitor_pass1", 0.75),
              (140.0, 2, "train/policy_loss", math.nan)]  # fmt: skip
    metrics = Metrics(write(at1=events), tmp_path / "metrics.jsonl", RL_NAMES)
    assert metrics.update() and not metrics.update()
    first, second = rows(tmp_path / "metrics.jsonl")
    assert {k: v for k, v in first.items() if k != "seconds"} == {
        "step": 1, "reward": 0.5, "loss": 2.0, "kl": 0.125, "length_mean": 8.0, "num_completions": 4.0,
        "monitor_accuracy": 0.75,
    }  # fmt: skip
    assert second["loss"] is None, "JSON has no NaN"
    assert (metrics.last_step, metrics.tokens) == (2, 32)


def test_metrics_of_a_resumed_run_replace_what_was_done_again(write, tmp_path) -> None:
    folder = write(at1=[(10.0 * n, n, "train/loss", float(n)) for n in range(1, 6)])
    metrics = Metrics(folder, tmp_path / "m", {})
    metrics.update()
    assert (metrics.last_step, metrics.logged) == (5, 0), "all of it was there before"
    write(at2=[(1000.0 + 10 * n, n, "train/loss", -float(n)) for n in range(4, 7)])
    metrics.update()
    assert [row["loss"] for row in rows(tmp_path / "m")] == [1.0, 2.0, 3.0, -4.0, -5.0, -6.0]
    assert (metrics.last_step, metrics.logged) == (6, 6)
    again = Metrics(folder, tmp_path / "again", {})
    again.update()
    assert (tmp_path / "again").read_text() == (tmp_path / "m").read_text()


def test_metrics_without_events_are_none(tmp_path) -> None:
    metrics = Metrics(tmp_path / "nowhere", tmp_path / "metrics.jsonl", {})
    assert not metrics.update() and not (tmp_path / "metrics.jsonl").exists()
