"""One training run by OpenRLHF, fresh or taken up again: what both trainers do around their command lines."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from harness import Progress, TrainJob, UserError
from harness_plugins.openrlhf import launch
from harness_plugins.openrlhf.metrics import Metrics
from harness_plugins.openrlhf.paths import RUN, Paths, check
from harness_plugins.openrlhf.program import OPENRLHF
from harness_plugins.openrlhf.states import States

_ALL = 10**12
"""Above every step."""


class Training:
    """A run on its way: prepare, run, finish."""

    def __init__(self, job: TrainJob, python: str | None, *, states: Path, is_lora: bool, names: dict[str, str]) -> None:
        """Find the program and where the run stands.

        Args:
            job: the training job.
            python: the recipe's `python`.
            states: where DeepSpeed keeps its states.
            is_lora: whether checkpoints are LoRA's matrices, to be merged at the end.
            names: our names of metrics by theirs.

        Raises:
            MissingError: OpenRLHF is not there, or not in a supported version.
            UserError: it could not read the work folder's path, or a checkpoint is asked for before the first step.
        """
        self.job, self.paths, self.is_lora = job, Paths(job.work), is_lora
        check(self.paths)
        if any(step < 1 for step in job.save_at):
            raise UserError(f"rl: a checkpoint is asked for at step {min(job.save_at)}; the first step is 1")
        self.program = OPENRLHF.find(python)
        places = self.paths.adapters if is_lora else job.out
        for folder in (job.work, job.out, places):
            folder.mkdir(parents=True, exist_ok=True)
        self.states = States(folder=self.paths.states, states=states, places=places, wanted=job.save_at)
        self.begun_at = self.states.rewind()
        self.metrics = Metrics(self.paths.events / RUN, job.out / "metrics.jsonl", names)
        self._link_start()

    def run(self, commands: Sequence[tuple[str, ...]], *, total: int, note: str, look: Callable[[], None]) -> None:
        """Run the training and then the merges; leave the checkpoints at their places.

        Args:
            commands: the training's first.
            total: steps it is expected to take.
            note: the metric that progress shows.
            look: called while training runs; what it raises stops it.

        Raises:
            ProgramFailedError: a program failed, or ended well without its checkpoint, as launchers do that were stopped.
        """
        training, *merges = commands
        for folder in (self.paths.final, self.paths.adapter):
            shutil.rmtree(folder, ignore_errors=True)

        def watch() -> None:
            look()
            if self.metrics.update():
                self._tell(total, note)
            self.states.collect(self.metrics.logged)

        self._keep_facts(commands)
        launch.run(training, self.paths.log, watch)
        self._check(training, self.paths.adapter if self.is_lora else self.paths.final)
        self.states.collect(_ALL)
        self._check_steps(training)
        for merge in merges:
            launch.run(merge, self.paths.log)
        self._move()

    def _move(self) -> None:
        """Move what stands beside its place to it."""
        moved = {self.paths.final: self.job.out / "final"}
        if self.is_lora:
            moved |= {self.paths.merged(n): self.job.out / f"step-{n}" for n in self.job.save_at}
        for source, target in moved.items():
            shutil.rmtree(target, ignore_errors=True)
            source.rename(target)

    def _check(self, command: Sequence[str], made: Path) -> None:
        if not any((made / name).is_file() for name in ("config.json", "adapter_config.json")):
            what = f"ended without an error and without writing {made}"
            raise launch.ProgramFailedError(launch.failure(command, self.paths.log, what))

    def _check_steps(self, command: Sequence[str]) -> None:
        missing = [n for n in self.job.save_at if not self.states.place(n).is_dir()]
        if missing:
            last = self.metrics.last_step
            what = f"a checkpoint is asked for at step {missing[0]}, but the run ended after {last} steps; train longer"
            raise launch.ProgramFailedError(launch.failure(command, self.paths.log, what))

    def _tell(self, total: int, note: str) -> None:
        row = self.metrics.last_row
        said = f"{note} {row[note]:.3g}" if row.get(note) is not None else ""
        step = self.metrics.last_step
        self.job.progress(Progress(done=step, total=max(total, step), note=said, tokens=self.metrics.tokens))

    def _keep_facts(self, commands: Sequence[tuple[str, ...]]) -> None:
        program = asdict(self.program) | {"python": str(self.program.python)}
        self.job.facts.update(program=program, commands=[list(c) for c in commands], resumed_at=self.begun_at)

    def _link_start(self) -> None:
        link = self.paths.start
        link.unlink(missing_ok=True)
        link.symlink_to(self.job.start.absolute(), target_is_directory=True)
