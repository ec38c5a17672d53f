"""ray: steps as tasks of a Ray cluster, on this machine or on many.

The store must lie on a disk that all machines share, at the same path, and the same packages must be installed on all. A
worker that dies costs its step an attempt, and the next one goes on where it stopped; progress is read from the store.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from harness import Executor, UserError, hookimpl
from harness_plugins.ray.pool import RayPool
from harness_plugins.ray.settings import Params

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OBJECT_STORE_BYTES = 100_000_000
"""Ray's memory for objects in a cluster of ours: tasks and reports are small, files go through the store."""
_KNOCK_S = 15


@contextlib.contextmanager
def open_ray(params: Params) -> Iterator[RayPool]:
    """Connect to a cluster or start one; on the way out by an exception (Ctrl-C among them) running workers are killed.

    Raises:
        UserError: no cluster answers at the address, or a step asks for more than the cluster started here has.
    """
    import ray

    _check_whole(params)
    # Ray tells of dead workers on standard output, whatever its settings; that is for results.
    with contextlib.redirect_stdout(sys.stderr):
        is_ours = not ray.is_initialized()
        if is_ours:
            _connect(params)
        try:
            has: Mapping[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
            with _pool(params, has) as pool:
                yield pool
        finally:
            if is_ours:
                ray.shutdown()


@contextlib.contextmanager
def _pool(params: Params, has: Mapping[str, float]) -> Iterator[RayPool]:
    if params.address is None:
        _check_has(params, has)
    workers = max(1, math.floor(has.get("CPU", 1) / params.cpus)) if params.workers == "auto" else params.workers
    pool = RayPool(workers, params)
    try:
        yield pool
    except BaseException:
        pool.kill()
        raise


def _connect(params: Params) -> None:
    """Connect; Ray's own handling of SIGTERM, and its reports home from a cluster of ours, are put aside."""
    import ray

    before = signal.getsignal(signal.SIGTERM)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if params.address is None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        cores = len(os.sched_getaffinity(0))
        wanted = cores if params.workers == "auto" else math.ceil(params.workers * params.cpus)
        options |= {"num_cpus": wanted, "include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES}
    try:
        _knock(params.address or "")
        ray.init(params.address or "local", **options)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        if params.address is None:
            raise
        raise UserError(
            f"execution.address: no Ray cluster to use at {params.address!r} ({str(error).strip()}); start one with "
            "'ray start --head', set RAY_AUTH_MODE=token if it wants a token, or leave the address out "
            "for one on this machine"
        ) from error
    finally:
        # SIGTERM is the host's: it takes it for Ctrl-C.
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTERM, before)


def _knock(address: str) -> None:
    """Check that somebody listens at host:port, which Ray would try for minutes.

    Raises:
        OSError: nobody does.
    """
    import socket

    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_S).close()


def _check_whole(params: Params) -> None:
    for name, gpus in _gpu_settings(params).items():
        if gpus > 1 and gpus != int(gpus):
            raise UserError(f"execution.{name}: {gpus} is not whole; Ray shares out parts of one GPU only")


def _check_has(params: Params, has: Mapping[str, float]) -> None:
    for name, gpus in _gpu_settings(params).items():
        if gpus > has.get("GPU", 0):
            raise UserError(
                f"execution.{name}: {gpus:g} GPUs are asked for and this machine has {has.get('GPU', 0):g}; "
                "lower it, or name a cluster in execution.address"
            )
    if params.cpus > has.get("CPU", 0):
        raise UserError(f"execution.cpus: {params.cpus:g} are asked for and there are {has.get('CPU', 0):g}; lower it")


def _gpu_settings(params: Params) -> dict[str, float]:
    names = ("gpus_per_sft", "gpus_per_rl", "gpus_per_engine")
    return {name: getattr(params, name) for name in names}


@hookimpl
def harness_executors() -> Iterator[Executor]:
    """Offer the executor."""
    yield Executor(
        name="ray",
        version="1",
        summary="tasks of a Ray cluster, on this machine or on many",
        params=Params,
        load=lambda: open_ray,
        requires=("ray",),
    )
