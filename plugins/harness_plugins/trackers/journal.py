"""From events to what a tracker is told."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness import StepFinished, StepProgressed, StudyFinished
from harness_plugins.trackers.sink import Study, flat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness import StepInfo, StudyStarted
    from harness_plugins.trackers.sink import Sink


def study_of(event: StudyStarted) -> Study:
    """Read the study's settings from the recipe in its folder."""
    recipe = event.folder / "recipe.json"
    raw = json.loads(recipe.read_text(encoding="utf-8")) if recipe.is_file() else {}
    return Study(name=event.study, folder=event.folder, settings=flat(raw))


@dataclass(slots=True)
class _Tail:
    """How far a metrics.jsonl was read."""

    offset: int = 0
    step: int = -1


@dataclass(slots=True)
class Journal:
    """Tells one sink of a study's events."""

    sink: Sink
    done: int = 0
    tokens: int = 0
    _tails: dict[str, _Tail] = field(default_factory=dict)

    def tell(self, event: object) -> None:
        """Pass an event on."""
        if isinstance(event, StepProgressed):
            self._metrics(event.step, event.out)
        elif isinstance(event, StepFinished):
            self._metrics(event.step, event.artifact)
            self.done += 1
            self.tokens += event.tokens
            self.sink.numbers("study", self.done, {"step seconds": event.seconds, "tokens": float(self.tokens)})
        elif isinstance(event, StudyFinished):
            self._finish(event)

    def _metrics(self, step: StepInfo, folder: Path | None) -> None:
        """Pass on the new rows of a training step; a resumed one may write rows again."""
        if step.kind != "train" or folder is None:
            return
        tail = self._tails.setdefault(step.key, _Tail())
        series = step.title.replace(" · ", "/")
        for row in _new_rows(folder / "metrics.jsonl", tail):
            number = row.get("step")
            if isinstance(number, int) and number > tail.step:
                tail.step = number
                self.sink.numbers(series, number, {k: v for k, v in numbers_in(row).items() if k != "step"})

    def _finish(self, event: StudyFinished) -> None:
        if event.result is not None:
            self.sink.summary(final_numbers(event.result))
            for name in ("result.json", "recipe.json"):
                if (event.folder / name).is_file():
                    self.sink.file(event.folder / name)
        self.sink.close(event.status)


def final_numbers(result: Mapping[str, Any]) -> dict[str, float]:
    """Return what a result says of candidates and proxies: outcomes, readings, and each proxy's validity."""
    found: dict[str, float] = {}
    for row in result.get("candidates", ()):
        place = f"candidates/{row['name']}"
        found |= numbers_in({f"{place}/outcome": _value(row.get("outcome"))})
        found |= numbers_in({f"{place}/{name}": _value(one) for name, one in (row.get("proxies") or {}).items()})
    for row in result.get("proxies", ()):
        named = {key: _value(part) for key, part in row.items() if key not in ("name", "cost")}
        found |= numbers_in({f"proxies/{row['name']}/{key}": value for key, value in named.items()})
    found |= numbers_in({f"cost/{key}": value for key, value in result.get("cost", {}).items()})
    return found


def numbers_in(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite numbers of a row."""
    return {
        name: float(value)
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


def _value(part: Any) -> Any:
    return part.get("value") if isinstance(part, dict) else part


def _new_rows(path: Path, tail: _Tail) -> Iterator[dict[str, Any]]:
    """Yield the whole lines written since the last call; from the start where the file was written anew."""
    try:
        size = path.stat().st_size
    except OSError:
        return
    if size < tail.offset:
        tail.offset = 0
    with path.open("rb") as file:
        file.seek(tail.offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            tail.offset += len(line)
            row = json.loads(line)
            if isinstance(row, dict):
                yield row
