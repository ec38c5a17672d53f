"""A worker of its own, to be killed: `train_alone.py < {"out", "work", "start", "save_at", "plugin", "settings"}`."""

import json
import sys
from pathlib import Path

from harness import Example, Grader, TrainJob
from harness_plugins.openrlhf.grpo import train
from harness_plugins.openrlhf.grpo_settings import Params

given = json.load(sys.stdin)
job = TrainJob(
    start=Path(given["start"]),
    examples=tuple(Example(id=str(n), prompt=f"{n}+4=", response="", answer="7") for n in range(3, 7)),
    seed=11,
    out=Path(given["out"]),
    work=Path(given["work"]),
    save_at=tuple(given["save_at"]),
    reward=Grader(name="moody", version="1", summary="in the plug-in", load=lambda: print),
    plugin_files=(Path(given["plugin"]),),
    progress=print,
)
train(job, Params(**given["settings"]))
