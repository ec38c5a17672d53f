"""metrics.jsonl from what OpenRLHF logs to TensorBoard, written anew as it grows.

A resumed run opens a new event file and logs again the steps after the state it took up: from a file's first step on, it
replaces what earlier files said.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from harness_plugins.openrlhf.events import EventFile
from harness_plugins.openrlhf.rows import write_rows

SFT_NAMES = {"train/loss_mean": "loss", "train/gpt_loss": "last_micro_batch_loss"}
RL_NAMES = {
    "train/rollout/reward_mean": "reward",
    "train/rollout/reward_std": "reward_std",
    "train/rollout/response_length_mean": "length_mean",
    "train/rollout/truncated_rate": "truncated_share",
    "train/rollout/num_samples": "num_completions",
    "train/policy_loss": "loss",
    "train/actor_lr": "lr",
    "train/actor_grad_norm": "grad_norm",
    "train/entropy_loss": "entropy",
    "train/reward": "reward_of_last_update",
    "eval/eval_monitor_pass1": "monitor_accuracy",
}
"""Our names for theirs, as local-sft and local-grpo use them; all others keep theirs, without `train/` or `eval/`."""


_FILES = "events.out.tfevents.*"


class Metrics:
    """The rows of a run, gathered from its event files."""

    def __init__(self, events: Path, out: Path, names: dict[str, str]) -> None:
        """Prepare to read.

        Args:
            events: the folder with event files.
            out: metrics.jsonl.
            names: our names by theirs.
        """
        self._folder, self._out, self._names = events, out, names
        self.logged = 0
        """The last step that was logged since this object was made, 0 if none was."""
        self._before = {path.name for path in events.glob(_FILES)}
        self._files: dict[str, EventFile] = {}
        self._starts: dict[str, int] = {}
        self._rows: dict[int, dict[str, Any]] = {}
        self._spent = 0.0
        self._begun = 0.0

    @property
    def last_step(self) -> int:
        """The last step that was logged by any attempt, 0 if none was."""
        return max(self._rows, default=0)

    @property
    def last_row(self) -> dict[str, Any]:
        """Its row."""
        return self._rows.get(self.last_step, {})

    @property
    def tokens(self) -> int:
        """Tokens of all completions that were drawn; 0 for SFT, which does not log them."""
        counts = ((row.get("length_mean"), row.get("num_completions")) for row in self._rows.values())
        return round(sum(float(length or 0) * float(number or 0) for length, number in counts))

    def update(self) -> bool:
        """Read what is new, and write metrics.jsonl if anything is; tell whether."""
        is_new = False
        for path in sorted(self._folder.glob(_FILES), key=_age):
            file = self._files.setdefault(path.name, EventFile(path))
            for number in file.read():
                if path.name not in self._starts:
                    self._begin(path.name, number.step, file.begun or number.wall_time)
                row = self._rows.setdefault(number.step, {"step": number.step})
                row["seconds"] = round(self._spent + number.wall_time - self._begun, 3)
                row[self._name(number.tag)] = number.value if math.isfinite(number.value) else None
                is_new = True
                if path.name not in self._before:
                    self.logged = max(self.logged, number.step)
        if is_new:
            write_rows(self._out, (self._rows[step] for step in sorted(self._rows)))
        return is_new

    def _begin(self, file: str, step: int, begun: float) -> None:
        """Take a new file's first number as the sign that the run was taken up before its step."""
        self._starts[file] = step
        self._rows = {n: row for n, row in self._rows.items() if n < step}
        self._spent = self.last_row.get("seconds", 0.0)
        self._begun = begun

    def _name(self, tag: str) -> str:
        return self._names.get(tag, tag.removeprefix("train/").removeprefix("eval/"))


def _age(path: Path) -> tuple[int, str]:
    """Sort event files by the second in their names, events.out.tfevents.<second>.<host>.<process>.<number>."""
    parts = path.name.split(".")
    return (int(parts[3]) if len(parts) > 3 and parts[3].isdigit() else 0), path.name
