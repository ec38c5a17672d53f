"""The reward file of a run: `reward_file.py` with what it needs to know filled in."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from harness import Grader, TrainJob, UserError
from harness_plugins.openrlhf.grpo_settings import Params
from harness_plugins.openrlhf.paths import Paths
from harness_plugins.openrlhf.text import Marks

_START_S = 300.0
"""Time for a grading process to start; a cold network disk is slow."""
_HOLD_S = 120.0
"""How long a failed grading waits to be killed, so that no step is trained on its missing reward."""
_SLOT = "CONFIG: dict[str, Any] = {}\n"
_PASSED_ON = ("PYTHONPATH", "HARNESS_BLOCK", "HARNESS_PLUGINS")


def write_reward(job: TrainJob, params: Params, marks: Marks, *, hold_s: float = _HOLD_S) -> None:
    """Write the reward file of a run.

    Raises:
        UserError: the recipe names no reward.
    """
    if job.reward is None:
        raise UserError("rl: nothing pays for a right answer; name a 'reward', or use data whose source has a grader")
    paths = Paths(job.work)
    config = {
        "graders": {
            "reward": _grader(job.reward, job, params),
            "monitor": _grader(job.monitor_grader or job.reward, job, params),
        },
        "environment": {name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "limit_s": params.reward_limit_s,
        "start_s": _START_S,
        "hold_s": hold_s,
        "workers": params.reward_workers,
        "fault": str(paths.fault),
        "special": marks.special,
        "paid_unended": params.paid_unended,
    }
    source = Path(__file__).with_name("reward_file.py").read_text(encoding="utf-8")
    if source.count(_SLOT) != 1:
        raise RuntimeError("reward_file.py has no slot for its configuration; reinstall posttrain-harness")
    filled = f"CONFIG: dict[str, Any] = json.loads(\n    {json.dumps(config)!r}\n)\n"
    draft = paths.reward.with_suffix(".draft")
    draft.write_text(source.replace(_SLOT, filled), encoding="utf-8")
    draft.replace(paths.reward)
    paths.fault.unlink(missing_ok=True)


def read_fault(paths: Paths) -> str | None:
    """Return why the reward file gave up, None where it did not."""
    try:
        found: dict[str, Any] = json.loads(paths.fault.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return str(found["message"])


def _grader(grader: Grader, job: TrainJob, params: Params) -> dict[str, Any]:
    # -P: what lies in the folder a Ray worker happens to run in must not be imported.
    command = [sys.executable, "-P", "-m", "harness.grading", "--grader", grader.name]
    for file in job.plugin_files:
        command += ["--plugin", str(file)]
    return {"name": grader.name, "command": [*command, "--abandon-s", str(2 * params.reward_limit_s + 10)]}
