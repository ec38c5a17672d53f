"""slurm: steps as jobs of a SLURM cluster, through submitit.

The store must lie on a disk that all machines share, at the same path. A job that dies costs its step an attempt; one that
reaches its time limit is queued again by itself. Either way the step goes on where it stopped. Progress
is read from the store.
"""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from harness import Executor, UserError, hookimpl
from harness_plugins.slurm.pool import JobPool
from harness_plugins.slurm.settings import Params

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def open_slurm(params: Params) -> Iterator[JobPool]:
    """Open a pool of jobs; on the way out by an exception (Ctrl-C among them) all of them are cancelled.

    Raises:
        UserError: this machine has no SLURM.
    """
    if params.cluster == "slurm" and not (shutil.which("sbatch") and shutil.which("srun")):
        raise UserError(
            "execution: sbatch and srun are not found; run on a machine of the SLURM cluster, "
            'or try the recipe with "cluster": "local"'
        )
    pool = JobPool(params)
    try:
        yield pool
    except BaseException:
        pool.kill()
        raise
    pool.close()


@hookimpl
def harness_executors() -> Iterator[Executor]:
    """Offer the executor."""
    yield Executor(
        name="slurm",
        version="1",
        summary="jobs of a SLURM cluster, in arrays, through submitit",
        params=Params,
        load=lambda: open_slurm,
        requires=("submitit",),
    )
