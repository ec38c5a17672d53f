"""What a job does; travels there by its name and its fields."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Work:
    """Runs tasks in a job; one that reaches its time limit or is preempted is queued again as it was."""

    function: Callable[[Any], Any]
    threads: int

    def __call__(self, task: Any) -> Any:
        """Run the task in this process."""
        for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[variable] = str(self.threads)
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        return self.function(task)

    def checkpoint(self, task: Any) -> Any:
        """Say what the job does when it is queued again (submitit's protocol): the same, since the store knows the rest."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, task)
