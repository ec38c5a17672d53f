"""trackers: tell TensorBoard, MLflow or Weights & Biases of studies.

HARNESS_TRACK names which, separated by commas: `HARNESS_TRACK=tensorboard,wandb harness run recipe.json`. Where a study is
followed is the reader's affair and not the recipe's: no key and no number goes by it. Addresses, projects and logins are the
trackers' own environment variables.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from harness import hookimpl
from harness_plugins.trackers.follower import Follower
from harness_plugins.trackers.journal import study_of

if TYPE_CHECKING:
    from harness import StepFinished, StepProgressed, StudyFinished, StudyStarted
    from harness_plugins.trackers.sink import Sink, Study

PACKAGES = {"tensorboard": "tensorboardX", "mlflow": "mlflow", "wandb": "wandb"}
"""What each tracker needs installed."""


def open_sink(name: str, study: Study) -> Sink:
    """Open a tracker for a study."""
    if name == "tensorboard":
        from harness_plugins.trackers.tensorboard import TensorBoard

        return TensorBoard(study)
    if name == "mlflow":
        from harness_plugins.trackers.mlflow import MLflow

        return MLflow(study)
    from harness_plugins.trackers.wandb import WandB

    return WandB(study)


def chosen(wanted: str) -> list[str]:
    """Return the trackers that a value of HARNESS_TRACK names; those that cannot be had are told of on standard error."""
    found = []
    for name in dict.fromkeys(part.strip() for part in wanted.split(",") if part.strip()):
        if name not in PACKAGES:
            sys.stderr.write(f"HARNESS_TRACK: no tracker named {name!r}; known: {', '.join(sorted(PACKAGES))}\n")
        elif importlib.util.find_spec(PACKAGES[name]) is None:
            sys.stderr.write(
                f"HARNESS_TRACK: tracker {name!r} needs the package {PACKAGES[name]}, which is not installed; "
                f"run: pip install 'posttrain-harness[{name}]'\n"
            )
        else:
            found.append(name)
    return found


@cache
def _followers() -> list[Follower]:
    """Return this process's followers; a process drives one study at a time."""
    return []


@hookimpl
def harness_study_started(event: StudyStarted) -> None:
    """Open the chosen trackers."""
    _followers().clear()
    names = chosen(os.environ.get("HARNESS_TRACK", ""))
    if names:
        study = study_of(event)
        _followers().extend(Follower(name, lambda name=name: open_sink(name, study)) for name in names)  # type: ignore[misc]


@hookimpl
def harness_step_progressed(event: StepProgressed) -> None:
    """Pass on a training step's new metrics."""
    for one in _followers():
        one.tell(event)


@hookimpl
def harness_step_finished(event: StepFinished) -> None:
    """Pass on the rest of a step's metrics, and what it took."""
    for one in _followers():
        one.tell(event)


@hookimpl
def harness_study_finished(event: StudyFinished) -> None:
    """Pass on the result and close."""
    for one in _followers():
        one.tell(event)
    _followers().clear()
