"""What happens in a Ray worker before the step itself: threads are set, plug-in files are laid down."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def run_task(function: Callable[[Any], Any], task: Any, threads: int, plugins: dict[str, bytes]) -> Any:
    """Run function(task) in this process.

    Args:
        function: the host's, imported here by its name.
        task: what to do; its `plugin_files` are replaced by where they lie on this machine.
        threads: compute threads; they count where numerical libraries are not loaded yet.
        plugins: content of each plug-in file by its path on the machine that drives the study.
    """
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(threads)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    files = tuple(_laid_down(path, plugins[path]) for path in task.plugin_files)
    return function(replace(task, plugin_files=files))


@cache
def _laid_down(path: str, content: bytes) -> str:
    """Return where a plug-in file lies here: its own path if that has the same content, else a copy."""
    own = Path(path)
    if own.is_file() and own.read_bytes() == content:
        return path
    copy = Path(tempfile.mkdtemp(prefix="harness-plugin-")) / own.name
    copy.write_bytes(content)
    return str(copy)
