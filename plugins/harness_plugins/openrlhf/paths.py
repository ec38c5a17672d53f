"""Where a run's files lie: all under the job's folders, so that command lines follow from the store's layout alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from harness import TrainJob, UserError

RUN = "run"
"""The sub-folder of TensorBoard's events, which OpenRLHF would else name by the clock."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of one run, in the folder that survives kills."""

    work: Path

    @property
    def start(self) -> Path:
        """A link to the checkpoint that training starts from."""
        return self.work / "start"

    @property
    def data(self) -> Path:
        """Training rows."""
        return self.work / "train.jsonl"

    @property
    def monitor(self) -> Path:
        """Rows of the monitor problems."""
        return self.work / "monitor.jsonl"

    @property
    def reward(self) -> Path:
        """The generated reward file."""
        return self.work / "reward.py"

    @property
    def fault(self) -> Path:
        """Where the reward file says why it gave up."""
        return self.work / "reward-fault.json"

    @property
    def states(self) -> Path:
        """OpenRLHF's own checkpoints; Hugging Face folders of steps lie beside them."""
        return self.work / "states"

    @property
    def events(self) -> Path:
        """TensorBoard's folder."""
        return self.work / "tensorboard"

    @property
    def adapter(self) -> Path:
        """LoRA's matrices at the end, where there are any."""
        return self.work / "adapter"

    @property
    def adapters(self) -> Path:
        """The like of single steps, as step-<n>."""
        return self.work / "adapters"

    def merged(self, step: int) -> Path:
        """Return where LoRA's matrices of a step, merged, are written before they are moved to their place."""
        return self.work / f"merged-{step}"

    @property
    def final(self) -> Path:
        """The checkpoint at the end, before it is moved to its place."""
        return self.work / "final"

    @property
    def log(self) -> Path:
        """What the program printed, over all attempts."""
        return self.work / "openrlhf.log"

    @property
    def tag(self) -> int:
        """A number that sets apart runs that share a machine, the same in each attempt."""
        return crc32(str(self.work).encode())


def check(paths: Paths) -> None:
    """Refuse a folder that OpenRLHF would take for several.

    Raises:
        UserError: the path has a character that splits paths there.
    """
    bad = [c for c in ",@" if c in str(paths.work)]
    if bad:
        raise UserError(
            f"store: {str(paths.work)!r} has a {bad[0]!r}, where OpenRLHF splits paths; choose another folder with --store"
        )


def save_interval(job: TrainJob, every: int) -> int | None:
    """Return after every how many steps OpenRLHF has to save, None for never.

    All of `save_at` must be among its multiples, and it should not be above `every` (0: no wish).
    """
    if not job.save_at:
        return every or None
    step = math.gcd(*job.save_at)
    return next(n for n in range(min(step, every or step), 0, -1) if step % n == 0)
