"""Evidence: what was measured of a candidate, read from the artifacts of the steps that measured it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.store import read_json
from harness.tables import as_text, read_table
from harness.values import Counts, Drift, Evidence, LossTable, SampleTable, TrainingFacts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from harness.store import Ref, Store


@cache
def read_counts(grade: Path, benchmark: str) -> Counts:
    """Read counts.parquet of a grade artifact."""
    table = read_table(grade / "counts.parquet")
    return Counts(
        benchmark=benchmark,
        problem_ids=tuple(table["problem_id"].tolist()),
        num_samples=table["num_samples"],
        num_correct=table["num_correct"],
        num_majority=table["num_majority"],
        majority_correct=table["majority_correct"].astype(bool),
        num_distinct=table["num_distinct"],
    )


@cache
def read_samples(grade: Path, benchmark: str) -> SampleTable:
    """Read grades.parquet of a grade artifact."""
    columns = ["problem_id", "index", "correct", "num_tokens", "truncated", "logprob", "entropy", "answer"]
    table = read_table(grade / "grades.parquet", columns)
    return SampleTable(
        benchmark=benchmark,
        problem_ids=as_text(table["problem_id"]),
        index=table["index"],
        correct=table["correct"].astype(bool),
        num_tokens=table["num_tokens"],
        truncated=table["truncated"].astype(bool),
        logprob=table["logprob"],
        entropy=table["entropy"],
        answer=_numbered(table["answer"]),
    )


def _numbered(answers: NDArray[Any]) -> NDArray[np.int64]:
    """Number the distinct answers in order of first appearance; None becomes -1."""
    import numpy

    numbers: dict[str, int] = {}
    found = (-1 if a is None else numbers.setdefault(a, len(numbers)) for a in answers.tolist())
    return numpy.fromiter(found, dtype=numpy.int64, count=len(answers))


@cache
def read_losses(score: Path) -> LossTable | None:
    """Read losses.parquet of a score artifact; None where no trace was scored."""
    table = read_table(score / "losses.parquet")
    if not len(table["trace_id"]):
        return None
    return LossTable(
        trace_ids=tuple(table["trace_id"].tolist()),
        num_tokens=table["num_tokens"],
        nll=table["nll"],
        entropy=table["entropy"],
        rank=table["rank"],
    )


@cache
def read_drift(drift: Path) -> Drift:
    """Read drift.parquet and drift.json of a drift artifact."""
    table, facts = read_table(drift / "drift.parquet"), read_json(drift / "drift.json")
    return Drift(
        trace_ids=tuple(table["trace_id"].tolist()),
        num_tokens=table["num_tokens"],
        kl=table["kl"],
        kl_reason=facts["kl_reason"],
        parameter_distance=facts["parameter_distance"],
        distance_reason=facts["distance_reason"],
    )


def read_metrics(train: Path) -> tuple[Mapping[str, float], ...]:
    """Read metrics.jsonl of a training artifact."""
    text = (train / "metrics.jsonl").read_text(encoding="utf-8")
    return tuple(json.loads(line) for line in text.splitlines())


class EvidenceReader:
    """Finds evidence by the plan's roles."""

    def __init__(self, store: Store, inputs: Mapping[str, Ref], benchmarks: Sequence[str], needs: frozenset[str]) -> None:
        self.store = store
        self.inputs = inputs
        self.benchmarks = benchmarks
        self.needs = needs

    def of_seed(self, candidates: Sequence[str], seed: int, runs: Sequence[str] = ()) -> list[Evidence]:
        """Return the evidence of every candidate under one seed, peers and base filled in where they are needed.

        Args:
            candidates: their names.
            seed: of the study.
            runs: the SFT run of each candidate, where the proxy asks for it.
        """
        own = [self._one(str(i), i, name, seed) for i, name in enumerate(candidates)]
        if runs:
            own = [replace(e, run=run) for e, run in zip(own, runs, strict=True)]
        if "base" in self.needs:
            base = self._one("base", -1, "base", seed)
            own = [replace(e, base=base) for e in own]
        if "peers" in self.needs:
            peers = tuple(own)
            own = [replace(e, peers=peers) for e in own]
        return own

    def _one(self, place: str, position: int, name: str, seed: int) -> Evidence:
        here = f"{place}/{seed}"
        found: dict[str, Any] = {}
        if "counts" in self.needs:
            found["counts"] = tuple(read_counts(self._at(f"pre/{here}/{b}"), n) for b, n in enumerate(self.benchmarks))
        if "samples" in self.needs:
            found["samples"] = tuple(read_samples(self._at(f"pre/{here}/{b}"), n) for b, n in enumerate(self.benchmarks))
        if "own-loss" in self.needs:
            found["own_loss"] = read_losses(self._at(f"own/{here}"))
        if "fixed-loss" in self.needs:
            found["fixed_loss"] = read_losses(self._at(f"fixed/{here}"))
        if "drift" in self.needs:
            found["drift"] = read_drift(self._at(f"drift/{here}"))
        if self.needs & {"training", "rl-metrics"}:
            found["training"] = self._training(here, position)
        return Evidence(candidate=name, seed=seed, **found)

    def _training(self, here: str, position: int) -> TrainingFacts:
        rl = self.inputs.get(f"rl/{here}") if "rl-metrics" in self.needs else None
        metrics = read_metrics(self.store.artifact(rl)) if rl else ()
        if f"sft/{here}" not in self.inputs:
            return TrainingFacts(tokens=0, final_loss=None, position=position, rl_metrics=metrics)
        facts = read_json(self._at(f"sft/{here}") / "manifest.json")["facts"]
        curated = read_json(self._at(f"curate/{here}") / "curated.json")
        return TrainingFacts(
            tokens=curated["train_tokens"], final_loss=facts.get("final_loss"), position=position, rl_metrics=metrics
        )

    def _at(self, role: str) -> Path:
        return self.store.artifact(self.inputs[role])
