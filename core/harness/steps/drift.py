"""drift: how far a checkpoint is from the base, in what it predicts on held-out traces and in its weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.errors import PluginError
from harness.jsonl import read_examples
from harness.store import write_json
from harness.tables import write_table
from harness.values import Drift, Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.job import Job


def run(job: Job) -> None:
    """Write drift.parquet (a row a trace, none where the divergence is undefined) and drift.json (the rest)."""
    examples = read_examples(job.input("traces") / "examples.jsonl")
    traces = [Trace(id=e.id, prompt=e.prompt, response=e.response) for e in examples]
    engine, params = job.component(job.step.parts[0])
    with engine(job.checkpoint("model", job.step.settings["checkpoint"]), params) as session:
        found = _checked(session.drift(job.checkpoint("base", "final"), traces), traces, job.step.parts[0].name)
    rows = {"trace_id": list(found.trace_ids), "num_tokens": found.num_tokens, "kl": found.kl}
    write_table(job.out / "drift.parquet", rows)
    facts = {name: getattr(found, name) for name in ("parameter_distance", "distance_reason", "kl_reason")}
    write_json(job.out / "drift.json", facts)
    # Both models read every trace once.
    job.ledger.tokens = 2 * int(found.num_tokens.sum())


def _checked(found: object, traces: Sequence[Trace], engine: str) -> Drift:
    if not isinstance(found, Drift):
        raise PluginError(f"engine {engine!r} returned {found!r}, not a Drift")
    wanted = () if found.kl_reason else tuple(trace.id for trace in traces)
    if found.trace_ids != wanted:
        raise PluginError(f"engine {engine!r} measured drift on {len(found.trace_ids)} of {len(wanted)} traces; report it")
    distance = found.parameter_distance
    if distance is None and not found.distance_reason:
        raise PluginError(f"engine {engine!r} gave no parameter distance and no reason")
    if distance is not None and not math.isfinite(distance):
        raise PluginError(
            f"engine {engine!r} gave the parameter distance {distance}; an undefined one is None with a reason"
        )
    return found
