"""Existing checkpoints of the toy, with problems and held-out traces: what `rank` and `gate` are given."""

import json
import os
import subprocess
from pathlib import Path

from study.small_study import COMMAND
from study.toy_plugin import write_checkpoint
from study.toy_study import PLUGIN

SKILLS = {"weak": 0.3, "fair": 0.5, "best": 0.9, "poor": 0.35}
PROBLEMS = 30


def lay_out(folder: Path) -> Path:
    """Write the checkpoints, problems.jsonl and heldout.jsonl."""
    for name, skill in SKILLS.items():
        write_checkpoint(folder / name, skill)
    problems = [{"id": f"q{i}", "prompt": f"q{i}", "answer": str(i % 10)} for i in range(PROBLEMS)]
    traces = [{"id": f"h{i}", "prompt": f"p{i}", "response": "x " * (3 + i % 4)} for i in range(12)]
    for name, rows in (("problems", problems), ("heldout", traces)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def toy_options(folder: Path) -> list[str]:
    """Name the toy's problems, engine, grader and plug-in."""
    problems = ["--problems", str(folder / "problems.jsonl")]
    return [*problems, "--engine", "toy-engine", "--grader", "toy-grade", "--plugin", str(PLUGIN)]


def start(folder: Path, *args: str, wait_s: float = 0.0) -> subprocess.Popen[str]:
    """Start a command as people do, at the head of a process group of its own."""
    return subprocess.Popen(
        [str(COMMAND), *args, *toy_options(folder)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HARNESS_PROGRESS": "off", "TOY_WAIT_S": str(wait_s)},
        start_new_session=True,
    )
