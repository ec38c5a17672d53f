"""overlap: which benchmark problems stand among the training problems."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.contamination import Rule, Text, counted, find_overlap
from harness.steps.sample import read_prompts
from harness.store import write_json

if TYPE_CHECKING:
    from harness.job import Job


def run(job: Job) -> None:
    """Write overlap.json: the rule, and for each benchmark and data source the problems that overlap."""
    asked = job.step.settings
    rule = Rule(**asked["rule"])
    training = {
        name: [Text(id=one.id, text=one.prompt) for one in read_prompts(job.input(f"data/{name}"))]
        for name in asked["sources"]
    }
    rows = []
    for number, benchmark in enumerate(asked["benchmarks"]):
        problems = read_prompts(job.input(f"problems/{number}"))
        texts = [Text(id=one.id, text=one.meta.get("statement", one.prompt)) for one in problems]
        for source, examples in training.items():
            matches = find_overlap(texts, examples, rule)
            rows.append(
                {
                    "benchmark": benchmark,
                    "source": source,
                    "problems": len(texts),
                    "examples": len(examples),
                    **{str(kind): number for kind, number in counted(matches).items()},
                    "matches": [asdict(match) for match in matches],
                }
            )
    write_json(job.out / "overlap.json", {"rule": asdict(rule), "overlap": rows})
    job.facts["overlapping"] = sum(len(row["matches"]) for row in rows)
