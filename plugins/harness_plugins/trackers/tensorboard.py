"""TensorBoard, by tensorboardX, which needs neither TensorFlow nor TensorBoard to write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness_plugins.trackers.sink import plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness_plugins.trackers.sink import Study


class TensorBoard:
    """Writes event files to HARNESS_TENSORBOARD_DIR/<study>, or to `tensorboard` in the study's folder."""

    def __init__(self, study: Study) -> None:
        from tensorboardX import SummaryWriter  # type: ignore[import-untyped]

        chosen = os.environ.get("HARNESS_TENSORBOARD_DIR")
        place = Path(chosen) / study.folder.name if chosen else study.folder / "tensorboard"
        self._writer = SummaryWriter(str(place))
        rows = "\n".join(f"| {name} | {text} |" for name, text in study.settings.items())
        self._writer.add_text("recipe", f"| setting | value |\n|---|---|\n{rows}")

    def numbers(self, series: str, step: int, values: Mapping[str, float]) -> None:
        """Add scalars; TensorBoard's names have no spaces, and tensorboardX writes them as underscores."""
        for name, value in values.items():
            self._writer.add_scalar(plain_name(f"{series}/{name}"), value, step)

    def summary(self, values: Mapping[str, float]) -> None:
        """Add scalars at step 0."""
        for name, value in values.items():
            self._writer.add_scalar(plain_name(f"result/{name}"), value, 0)

    def file(self, path: Path) -> None:
        """Keep a file's text; event files hold no others."""
        if path.suffix == ".json":
            self._writer.add_text(path.name, f"```json\n{path.read_text(encoding='utf-8')}\n```")

    def close(self, status: str) -> None:
        """Write what is left."""
        self._writer.add_text("status", status)
        self._writer.close()
