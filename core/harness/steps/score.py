"""score: log-likelihood of held-out traces under one checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import PluginError
from harness.jsonl import read_examples
from harness.tables import write_table
from harness.values import Progress, Trace

if TYPE_CHECKING:
    from harness.job import Job
    from harness.values import TokenScores

RANK_CAP = 100
"""Ranks are capped here before they are added up (2601.14249)."""


def run(job: Job) -> None:
    """Write losses.parquet: sums over each trace's response tokens, in the order of the held-out set."""
    examples = read_examples(job.input("traces") / job.step.settings["file"])
    traces = [Trace(id=e.id, prompt=e.prompt, response=e.response) for e in examples]
    scores: dict[str, TokenScores] = {}
    if traces:
        engine, params = job.component(job.step.parts[0])
        with engine(job.checkpoint("model", job.step.settings["checkpoint"]), params) as session:
            for score in session.score(traces):
                scores[score.id] = score
                job.ledger.tell(Progress(done=len(scores), total=len(traces)))
    if set(scores) != {t.id for t in traces}:
        raise PluginError(f"engine {job.step.parts[0].name!r} scored {len(scores)} of {len(traces)} traces; report it")
    found = [scores[t.id] for t in traces]
    write_table(
        job.out / "losses.parquet",
        {
            "trace_id": [s.id for s in found],
            "num_tokens": [len(s.logprobs) for s in found],
            "nll": [-float(s.logprobs.sum(dtype="float64")) for s in found],
            "entropy": [float(s.entropies.sum(dtype="float64")) for s in found],
            "rank": [float(s.ranks.clip(max=RANK_CAP).sum()) for s in found],
        },
    )
    job.ledger.tokens = sum(len(s.logprobs) for s in found)
