"""train: SFT or RL by a trainer plug-in, from one checkpoint folder to others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.errors import PluginError
from harness.jsonl import read_examples
from harness.store import read_json
from harness.training import TrainJob
from harness.values import Example, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from harness.job import Job


def run(job: Job) -> None:
    """Let the trainer write final/, step-N/ and metrics.jsonl."""
    train, params = job.component(job.step.parts[0])
    task = _sft(job) if job.step.settings["method"] == "sft" else _rl(job)
    train(task, params)
    for name in ["final", *(f"step-{n}" for n in job.step.settings.get("save_at", ()))]:
        if not (job.out / name / "config.json").is_file():
            raise PluginError(f"trainer {job.step.parts[0].name!r} ended without writing {name}/config.json; report it")
    job.facts |= task.facts | _summary(job.out / "metrics.jsonl")


def _sft(job: Job) -> TrainJob:
    data = job.input("data")
    return TrainJob(
        start=job.checkpoint("start", job.step.settings["checkpoint"]),
        examples=read_examples(data / "examples.jsonl"),
        epochs=read_json(data / "curated.json")["epochs"],
        seed=job.step.seed,
        out=job.out,
        work=job.scratch,
        progress=job.ledger.tell,
    )


def _rl(job: Job) -> TrainJob:
    _, reward, monitor_grader = job.step.parts
    examples = read_examples(job.input("data") / "examples.jsonl")
    heldout = read_examples(job.input("monitor") / "examples.jsonl") if "monitor" in job.step.inputs else ()
    monitor = [p for p in map(_problem, heldout) if p][: job.step.settings["monitor_problems"]]
    return TrainJob(
        start=job.checkpoint("start", job.step.settings["checkpoint"]),
        examples=examples,
        seed=job.step.seed,
        out=job.out,
        work=job.scratch,
        save_at=tuple(job.step.settings["save_at"]),
        reward=job.offer(reward),  # type: ignore[arg-type]
        monitor=tuple(monitor),
        monitor_grader=job.offer(monitor_grader),  # type: ignore[arg-type]
        plugin_files=job.plugins.files,
        progress=job.ledger.tell,
    )


def _problem(example: Example) -> Problem | None:
    if example.answer is None:
        return None
    return Problem(id=example.id, prompt=example.prompt, answer=example.answer, meta=example.meta)


def _summary(metrics: Path) -> dict[str, Any]:
    """Keep the last line's loss and reward, and the tokens, in the manifest."""
    rows = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()] if metrics.is_file() else []
    if not rows:
        return {"train_steps": 0, "final_loss": None}
    tail = rows[-max(1, len(rows) // 10) :]
    losses = [row["loss"] for row in tail if row.get("loss") is not None]
    return {
        "train_steps": len(rows),
        "final_loss": sum(losses) / len(losses) if losses else None,
        "final_reward": rows[-1].get("reward"),
    }
