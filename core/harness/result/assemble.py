"""Put result.json together from the artifacts of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.result.compose import Circumstances, compose
from harness.result.cost import Ledger
from harness.store import read_json
from harness.worker import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.job import Job
    from harness.result.measured import Measured


def assemble(job: Job, measured: Sequence[Measured]) -> dict[str, Any]:
    """Return result.json: what was measured, how each proxy did, what to take to RL, and what it all cost."""
    layout = job.step.settings
    ledger = Ledger(job.store)
    around = Circumstances(
        cost=ledger.study(job.step.inputs.values()).to_json(),
        proxy_costs={
            proxy["name"]: ledger.proxy(job.step.inputs[f"proxy/{number}"]) for number, proxy in enumerate(layout["proxies"])
        },
        environment=environment(),
        plugins=sorted({r.distribution for r in job.plugins.records if r.status == "ok"}),
        overlap=read_json(job.input("overlap") / "overlap.json") if "overlap" in job.step.inputs else None,
    )
    return compose(measured, layout, around)
