"""What a trainer needs to go on after a kill: weights, optimizer state and a few facts, as safetensors and JSON.

A state is a folder `resume-<step>` in the job's work folder that appears by one rename; then the one before is deleted.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from harness_plugins.local.compute.folder import sync

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_MOST_TIME = 50
"""Saving may take one part in so many of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Where a run stood."""

    step: int
    tokens: int
    metrics_bytes: int
    """Length of metrics.jsonl then."""


class Checkpoints:
    """Saves and restores the state of one run."""

    def __init__(self, work: Path, identity: str, *, every_steps: int, every_s: float) -> None:
        """Look at a work folder.

        Args:
            work: made where it is missing.
            identity: of the run; states of another run are not taken up.
            every_steps: save at multiples of it; 0 for none.
            every_s: save when so many seconds have passed.
        """
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.identity = work, identity
        self._every_steps, self._every_s = every_steps, every_s
        self._last, self._cost = time.monotonic(), 0.0
        self.last_step = 0

    def is_due(self, step: int) -> bool:
        """Tell whether to save after this step."""
        passed = time.monotonic() - self._last
        by_steps = self._every_steps > 0 and step % self._every_steps == 0
        return by_steps or passed >= max(self._every_s, _MOST_TIME * self._cost)

    def save(self, saved: Saved, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Write a state; older ones go."""
        begun = time.monotonic()
        target = self.work / f"resume-{saved.step:08d}"
        partial = self.work / ".resume.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        tensors, scalars = _flatten(model, optimizer)
        save_file(tensors, partial / "state.safetensors")
        facts = {
            "identity": self.identity,
            "step": saved.step,
            "tokens": saved.tokens,
            "metrics_bytes": saved.metrics_bytes,
            "scalars": scalars,
        }
        (partial / "state.json").write_text(json.dumps(facts), encoding="utf-8")
        for file in partial.iterdir():
            sync(file)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
        for older in self._folders():
            if older != target:
                shutil.rmtree(older, ignore_errors=True)
        self.last_step = saved.step
        self._last = time.monotonic()
        self._cost = self._last - begun

    def restore(
        self, model: torch.nn.Module, optimizer: torch.optim.Optimizer, is_usable: Callable[[Saved], bool]
    ) -> Saved | None:
        """Bring model and optimizer to the newest whole state; None, and nothing changed, where there is none.

        Args:
            model: of the run.
            optimizer: over its parameters.
            is_usable: whether what the run wrote elsewhere is still there.
        """
        for folder in reversed(self._folders()):
            try:
                facts = json.loads((folder / "state.json").read_text(encoding="utf-8"))
                tensors = load_file(folder / "state.safetensors")
            except (OSError, ValueError, SafetensorError):
                continue
            saved = Saved(step=facts["step"], tokens=facts["tokens"], metrics_bytes=facts["metrics_bytes"])
            if facts["identity"] != self.identity or not is_usable(saved):
                continue
            _unflatten(tensors, facts["scalars"], model, optimizer)
            self.last_step = saved.step
            return saved
        return None

    def _folders(self) -> list[Path]:
        return sorted(self.work.glob("resume-*"))


def _flatten(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Name every tensor and every plain number of model and optimizer."""
    tensors = {f"model/{name}": parameter.detach() for name, parameter in model.named_parameters()}
    scalars: dict[str, Any] = {}
    for index, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimizer/{index}/{key}"] = value
            else:
                scalars[f"optimizer/{index}/{key}"] = value
    # Clones: safetensors refuses tensors that share memory or have gaps.
    return {name: tensor.cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}, scalars


def _unflatten(
    tensors: Mapping[str, torch.Tensor],
    scalars: Mapping[str, Any],
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[f"model/{name}"])
    state: dict[int, dict[str, Any]] = {}
    for name, value in [*tensors.items(), *scalars.items()]:
        part, _, rest = name.partition("/")
        if part == "optimizer":
            index, _, key = rest.partition("/")
            state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
