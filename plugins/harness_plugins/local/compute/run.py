"""What both trainers share: the model, its optimizer, and the bookkeeping around each step."""

from __future__ import annotations

import hashlib
import math
import time
from typing import TYPE_CHECKING, Any, Self

import torch

from harness import Progress, UserError
from harness_plugins.local.compute.checkpoint import Checkpoints, Saved
from harness_plugins.local.compute.folder import load_folder, pick_device, save_folder
from harness_plugins.local.compute.metrics import MetricsLog, seconds_so_far
from harness_plugins.local.compute.optimizer import build_optimizer
from harness_plugins.local.compute.schedule import rate_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness import TrainJob
    from harness_plugins.local.compute.folder import LoadedFolder
    from harness_plugins.local.settings import Optimization


def load_start(job: TrainJob, params: Optimization) -> LoadedFolder:
    """Load the job's start checkpoint on the device the settings name."""
    return load_folder(job.start, pick_device(params.device))


class Run:
    """One training run, fresh or taken up again: inside `with`, iterate over `steps()` and call `finish_step` in each."""

    def __init__(
        self, name: str, job: TrainJob, params: Optimization, loaded: LoadedFolder, *, num_steps: int, warmup_steps: int
    ) -> None:
        """Prepare.

        Raises:
            UserError: settings that do not fit the model, or a checkpoint is asked for at a step that never comes.
        """
        beyond = [step for step in job.save_at if not 0 <= step <= num_steps]
        if beyond:
            raise UserError(
                f"{name}: a checkpoint is asked for at step {beyond[0]}, but there are {num_steps} steps; train longer"
            )
        self.name, self.job, self.params, self.loaded = name, job, params, loaded
        self.num_steps, self.warmup_steps = num_steps, warmup_steps
        self.parameters = [p for p in loaded.model.parameters() if p.requires_grad]
        self.optimizer = build_optimizer(loaded.model, params)
        self.lr, self.tokens = 0.0, 0
        path = job.out / "metrics.jsonl"
        self._begun = time.monotonic() - seconds_so_far(path)
        self._states = Checkpoints(
            job.work, _identity(name, job, params), every_steps=params.save_every_steps, every_s=params.save_every_s
        )
        saved = self._states.restore(loaded.model, self.optimizer, self._has_outputs)
        self._first = saved.step + 1 if saved else 1
        self.tokens = saved.tokens if saved else 0
        self._metrics = MetricsLog(path, saved.metrics_bytes if saved else 0)

    def __enter__(self) -> Self:
        """Return the run itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close metrics.jsonl."""
        self._metrics.close()

    def steps(self) -> Iterator[int]:
        """Yield the steps still to be done, from 1, with the learning rate set; at the end write the final checkpoint."""
        if self._first == 1 and 0 in self.job.save_at:
            save_folder(self.loaded, self.job.out / "step-0")
        for step in range(self._first, self.num_steps + 1):
            self._step_begun = time.monotonic()
            self._set_rate(step)
            yield step
        self._metrics.sync()
        save_folder(self.loaded, self.job.out / "final")

    def update(self, step: int, loss: float) -> float:
        """Take an optimizer step along the gradients that lie ready; return their norm before clipping.

        Raises:
            FloatingPointError: loss or norm is not finite.
        """
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, self.params.grad_clip or math.inf))
        for what, value in (("loss", loss), ("gradient norm", norm)):
            if not math.isfinite(value):
                raise FloatingPointError(self._diverged(what, value, step))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return norm

    def finish_step(self, step: int, record: Mapping[str, Any], *, tokens: int, note: str) -> None:
        """Log a step, keep the checkpoints that are due after it, and tell how far the run is."""
        self.tokens += tokens
        now = time.monotonic()
        pace = tokens / max(now - self._step_begun, 1e-9)
        times = {"tokens": self.tokens, "seconds": round(now - self._begun, 4), "tokens_per_s": round(pace, 1)}
        self._metrics.write({"step": step, **record, "lr": self.lr, **times})
        if step in self.job.save_at:
            save_folder(self.loaded, self.job.out / f"step-{step}")
        if self._states.is_due(step):
            state = Saved(step=step, tokens=self.tokens, metrics_bytes=self._metrics.sync())
            self._states.save(state, self.loaded.model, self.optimizer)
        self.job.progress(Progress(done=step, total=self.num_steps, note=note, tokens=self.tokens))

    def _has_outputs(self, saved: Saved) -> bool:
        """Tell whether metrics and checkpoints that were written before a state was saved are all still there."""
        metrics = self.job.out / "metrics.jsonl"
        kept = [self.job.out / f"step-{step}" for step in self.job.save_at if step <= saved.step]
        is_long = metrics.is_file() and metrics.stat().st_size >= saved.metrics_bytes
        return is_long and all(folder.is_dir() for folder in kept)

    def _set_rate(self, step: int) -> None:
        params = self.params
        share = rate_share(
            step,
            self.num_steps,
            warmup_steps=self.warmup_steps,
            schedule=params.schedule,
            final_share=params.final_share,
        )
        self.lr = params.learning_rate * share
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr

    def _diverged(self, what: str, value: float, step: int) -> str:
        last = self._states.last_step
        good = f"the last saved state is of step {last} in {self.job.work}" if last else "no state was saved yet"
        return (
            f"{self.name}: step {step}: the {what} is {value} at learning rate {self.lr:g}; {good}; "
            "lower learning_rate or grad_clip"
        )


def _identity(name: str, job: TrainJob, params: Optimization) -> str:
    """Tell runs apart that must not take up each other's states; where and how often they save is no part of it."""
    settings = {k: v for k, v in _fields(params).items() if k not in ("save_every_s", "save_every_steps")}
    digest = hashlib.sha256(repr((name, job.seed, job.epochs, sorted(settings.items()))).encode())
    for example in job.examples:
        digest.update(repr((example.id, example.prompt, example.response, example.answer)).encode())
    return digest.hexdigest()


def _fields(params: Optimization) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(params)
