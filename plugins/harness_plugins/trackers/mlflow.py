"""MLflow: one run a study, in the experiment MLFLOW_EXPERIMENT_NAME (`harness` if unset), where MLFLOW_TRACKING_URI says."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from harness_plugins.trackers.sink import plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness_plugins.trackers.sink import Study

_BATCH = 100
"""Parameters a call; MLflow takes no more."""
_STATUS = {"done": "FINISHED", "interrupted": "KILLED"}


class MLflow:
    """Writes by the client, which keeps no state outside this object."""

    def __init__(self, study: Study) -> None:
        from mlflow.entities import Param
        from mlflow.tracking import MlflowClient

        self._client = MlflowClient()
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or "harness"
        found = self._client.get_experiment_by_name(name)
        experiment = found.experiment_id if found else self._client.create_experiment(name)
        tags = {"harness.study": study.folder.name}
        self._run = self._client.create_run(experiment, run_name=study.name, tags=tags).info.run_id
        params = [Param(plain_name(key), text) for key, text in study.settings.items()]
        for start in range(0, len(params), _BATCH):
            self._client.log_batch(self._run, params=params[start : start + _BATCH])

    def numbers(self, series: str, step: int, values: Mapping[str, float]) -> None:
        """Log metrics of a step."""
        self._log({f"{series}/{name}": value for name, value in values.items()}, step)

    def summary(self, values: Mapping[str, float]) -> None:
        """Log metrics without a step."""
        self._log(values, 0)

    def file(self, path: Path) -> None:
        """Log an artifact."""
        self._client.log_artifact(self._run, str(path))

    def close(self, status: str) -> None:
        """End the run."""
        self._client.set_terminated(self._run, status=_STATUS.get(status, "FAILED"))

    def _log(self, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = round(time.time() * 1000)
        metrics = [Metric(plain_name(name), value, now, step) for name, value in values.items()]
        for start in range(0, len(metrics), _BATCH):
            self._client.log_batch(self._run, metrics=metrics[start : start + _BATCH])
