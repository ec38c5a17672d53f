"""Which GPUs each process gets: one process for each group of `tensor_parallel` GPUs."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Literal

from harness import MissingError

_ANSWER_S = 20


def device_groups(tensor_parallel: int, data_parallel: int | Literal["auto"]) -> list[str | None]:
    """Return CUDA_VISIBLE_DEVICES of each process; None where there is no GPU to choose.

    Raises:
        MissingError: there are fewer GPUs than that takes.
    """
    gpus = visible_gpus()
    if not gpus:
        return [None] * (1 if data_parallel == "auto" else data_parallel)
    wanted = max(1, len(gpus) // tensor_parallel) if data_parallel == "auto" else data_parallel
    if wanted * tensor_parallel > len(gpus):
        raise MissingError(
            f"engine 'vllm': {wanted} processes of {tensor_parallel} GPUs each want {wanted * tensor_parallel}, "
            f"and {len(gpus)} are visible; lower tensor_parallel or data_parallel"
        )
    return [",".join(gpus[i * tensor_parallel : (i + 1) * tensor_parallel]) for i in range(wanted)]


def visible_gpus() -> list[str]:
    """Return the GPUs this process may use, as CUDA_VISIBLE_DEVICES names them."""
    stated = os.environ.get("CUDA_VISIBLE_DEVICES")
    if stated is not None:
        return [name.strip() for name in stated.split(",") if name.strip() not in ("", "-1")]
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, "--query-gpu=index", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=_ANSWER_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return answer.stdout.split()
