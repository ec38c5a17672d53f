"""From settings to submitit's executor: what sbatch is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from harness_plugins.slurm.settings import Params


def open_submitter(params: Params, folder: Path, gpus: int) -> Any:
    """Return submitit's executor for jobs with so many GPUs.

    Args:
        params: what jobs ask for.
        folder: where submitit's files lie.
        gpus: GPUs of a job.
    """
    import submitit

    local = params.cluster == "local"
    executor = submitit.AutoExecutor(folder, cluster=params.cluster, slurm_max_num_timeout=params.max_timeouts)
    executor.update_parameters(
        name="harness",
        timeout_min=max(1, round(params.hours * 60)),
        cpus_per_task=params.cpus,
        nodes=1,
        tasks_per_node=1,
        **({"mem_gb": params.memory_gb} if params.memory_gb is not None else {}),
        **({"gpus_per_node": gpus} if local and gpus else {}),
        **({} if local else _of_slurm(params, gpus)),
    )
    return executor


def _of_slurm(params: Params, gpus: int) -> dict[str, Any]:
    flags: dict[str, Any] = {}
    if gpus:
        count = f"{params.gpu_type}:{gpus}" if params.gpu_type else str(gpus)
        flags = {"gres": f"gpu:{count}"} if params.gpus_as == "gres" else {"gpus-per-node": count}
    named = {"slurm_partition": params.partition, "slurm_account": params.account}
    return {
        **{name: value for name, value in named.items() if value is not None},
        "slurm_array_parallelism": params.array_parallelism,
        "slurm_setup": list(params.setup),
        "slurm_additional_parameters": {**flags, **params.sbatch},
    }
