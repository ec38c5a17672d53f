"""proxy: one proxy's reading of every candidate under every seed."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.errors import PluginError
from harness.evidence import EvidenceReader
from harness.store import write_json
from harness.values import ProxyValue

if TYPE_CHECKING:
    from harness.job import Job


def run(job: Job) -> None:
    """Write values.json: {"<candidate number>/<seed>": ProxyValue}."""
    compute, params = job.component(job.step.parts[0])
    asked = job.step.settings
    reader = EvidenceReader(job.store, job.step.inputs, asked["benchmarks"], frozenset(asked["needs"]))
    values: dict[str, Any] = {}
    for seed in asked["seeds"]:
        for i, evidence in enumerate(reader.of_seed(asked["candidates"], seed, asked.get("runs", ()))):
            values[f"{i}/{seed}"] = asdict(_checked(compute(evidence, params), job.step.parts[0].name))
    write_json(job.out / "values.json", values)


def _checked(value: object, name: str) -> ProxyValue:
    if not isinstance(value, ProxyValue):
        raise PluginError(f"proxy {name!r} returned {value!r}, not a ProxyValue")
    if value.value is not None and not math.isfinite(value.value):
        raise PluginError(f"proxy {name!r} returned {value.value!r}; an undefined value is None with a reason")
    if value.value is None and not value.reason:
        raise PluginError(f"proxy {name!r} returned None without a reason")
    return value
