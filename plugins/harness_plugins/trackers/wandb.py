"""Weights & Biases: one run a study, in the project WANDB_PROJECT (`harness` if unset); WANDB_MODE=offline: no network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness_plugins.trackers.sink import plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness_plugins.trackers.sink import Study


class WandB:
    """Writes by a run of its own; series have their own steps."""

    def __init__(self, study: Study) -> None:
        import wandb

        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT") or "harness",
            name=study.name,
            group=study.folder.name,
            dir=os.environ.get("WANDB_DIR") or str(study.folder),
            config=dict(study.settings),
            settings=wandb.Settings(console="off", silent=True),
        )
        self._known: set[str] = set()

    def numbers(self, series: str, step: int, values: Mapping[str, float]) -> None:
        """Log a row against the series' own step."""
        name = plain_name(series)
        axis = f"{name}/step"
        if name not in self._known:
            self._known.add(name)
            self._run.define_metric(axis, hidden=True)
            self._run.define_metric(f"{name}/*", step_metric=axis)
        self._run.log({axis: step, **{f"{name}/{plain_name(key)}": value for key, value in values.items()}})

    def summary(self, values: Mapping[str, float]) -> None:
        """Set the run's summary."""
        self._run.summary.update({plain_name(name): value for name, value in values.items()})

    def file(self, path: Path) -> None:
        """Keep the file with the run."""
        self._run.save(str(path), base_path=str(path.parent), policy="now")

    def close(self, status: str) -> None:
        """End the run."""
        self._run.summary["status"] = status
        self._run.finish(exit_code=0 if status == "done" else 1)
