"""sample: draw completions of one checkpoint on one set of problems, in shards that survive a kill.

The shards are fixed by the step, not by the batch or the machine, so that a resumed run draws what an undisturbed one draws.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.digest import seed_from
from harness.errors import PluginError, UserError
from harness.jsonl import read_examples, read_problems
from harness.tables import read_table, write_table
from harness.values import Problem, Progress, SampleRequest, Sampling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.job import Job
    from harness.offers import Engine
    from harness.values import Sample

SHARD_SAMPLES = 4096
"""Samples in one shard at most (but at least one problem's)."""


def run(job: Job) -> None:
    """Write part-<n>.parquet, one row a sample, in the order of problems and sample indexes."""
    requests = _requests(job, read_prompts(job.input("problems")))
    per_shard = max(1, SHARD_SAMPLES // job.step.settings["samples"])
    shards = [requests[i : i + per_shard] for i in range(0, len(requests), per_shard)]
    _check_chat(job, requests)
    missing = [n for n in range(len(shards)) if not (job.out / f"part-{n:05d}.parquet").is_file()]
    if missing:
        engine, params = job.component(job.step.parts[0])
        with engine(job.checkpoint("model", job.step.settings["checkpoint"]), params) as session:
            for n in missing:
                job.ledger.tell(Progress(done=n, total=len(shards), note=f"shard {n + 1}/{len(shards)}"))
                _write(job.out / f"part-{n:05d}.parquet", _ordered(shards[n], session.sample(shards[n]), job))
    parts = sorted(job.out.glob("part-*.parquet"))
    job.ledger.tokens = int(sum(read_table(p, ["num_tokens"])["num_tokens"].sum() for p in parts))
    job.facts["samples"] = sum(r.num_samples for r in requests)


def read_prompts(folder: Path) -> tuple[Problem, ...]:
    """Read the problems of a data artifact, be they a benchmark's or a data source's examples."""
    if (folder / "problems.jsonl").is_file():
        return read_problems(folder / "problems.jsonl")
    examples = read_examples(folder / "examples.jsonl")
    return tuple(Problem(id=e.id, prompt=e.prompt, answer=e.answer or "", meta=e.meta) for e in examples)


def _requests(job: Job, problems: Sequence[Problem]) -> list[SampleRequest]:
    asked = job.step.settings
    return [
        SampleRequest(
            problem_id=problem.id,
            prompt=problem.prompt,
            num_samples=asked["samples"],
            sampling=Sampling(**asked["sampling"]),
            seed=seed_from(job.step.seed, asked["phase"]),
            first_index=asked["first"],
            chat=problem.chat,
            stop=problem.stop,
        )
        for problem in problems
    ]


def _check_chat(job: Job, requests: Sequence[SampleRequest]) -> None:
    """Refuse chat prompts where the engine would take them for plain ones."""
    part = job.step.parts[0]
    offer: Engine = job.offer(part)  # type: ignore[assignment]
    if not offer.applies_chat_template and any(request.chat for request in requests):
        raise UserError(
            f"engine {part.name!r}: applies no chat template, and the problems are a user's messages; "
            "choose a plain prompt template or another engine"
        )


def cut_at_stop(sample: Sample, stop: Sequence[str]) -> Sample:
    """End a completion before the first of its stop texts; tokens and log-probability stay those of what was drawn."""
    ends = [place for text in stop if (place := sample.text.find(text)) >= 0]
    return replace(sample, text=sample.text[: min(ends)], finish="stop") if ends else sample


def _ordered(requests: Sequence[SampleRequest], drawn: object, job: Job) -> list[Sample]:
    """Put the engine's samples in order, and check that each asked for came once."""
    found = {(s.problem_id, s.index): s for s in drawn}  # type: ignore[attr-defined]
    wanted = [(r.problem_id, r.first_index + i) for r in requests for i in range(r.num_samples)]
    if len(found) != len(wanted) or any(place not in found for place in wanted):
        raise PluginError(
            f"engine {job.step.parts[0].name!r} was asked for {len(wanted)} samples and gave {len(found)} of them; report it"
        )
    stops = {request.problem_id: request.stop for request in requests}
    return [cut_at_stop(found[place], stops[place[0]]) for place in wanted]


def _write(path: Path, samples: Sequence[Sample]) -> None:
    write_table(
        path,
        {
            "problem_id": [s.problem_id for s in samples],
            "index": [s.index for s in samples],
            "text": [s.text for s in samples],
            "num_tokens": [s.num_tokens for s in samples],
            "truncated": [s.finish == "length" for s in samples],
            "logprob": [s.logprob for s in samples],
            "entropy": [s.entropy for s in samples],
        },
    )
