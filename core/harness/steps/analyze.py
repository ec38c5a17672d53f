"""analyze: result.json, and the per-problem counts from which every headline number can be computed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.store import write_json

if TYPE_CHECKING:
    from harness.job import Job


def run(job: Job) -> None:
    """Write result.json and counts.parquet."""
    from harness.result import assemble, check_result
    from harness.result.counts import write_counts
    from harness.result.measured import gather

    layout = job.step.settings
    measured = gather(job.store, job.step.inputs, layout)
    write_counts(job.out / "counts.parquet", measured)
    result = assemble(job, measured)
    check_result(result)
    write_json(job.out / "result.json", result)
