"""A finished study in a store, made of drawn verdicts and texts: as `harness run` leaves it, without the running."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import Counts
from harness.estimators import mean_pass_at_k
from harness.result import check_result
from harness.result.compose import Circumstances, compose
from harness.result.counts import write_counts
from harness.result.measured import Measured, Phase, Reading
from harness.store import Ref, Store, write_json
from harness.tables import write_table

SHARD = 4096
Write = Callable[[int, int, bool], str]
"""From candidate, place of the sample in its table and verdict to the text."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the study is of."""

    study: str = "made up"
    candidates: Sequence[str] = ("base", "few", "many", "long", "short")
    benchmarks: Sequence[str] = ("easy", "hard")
    problems: int = 6
    samples: Mapping[str, int] | None = None
    """A problem, by phase; None: a few."""
    prompt: str = "1+1="
    recipe: Mapping[str, Any] | None = None
    resamples: int = 200
    seed: int = 7

    @property
    def phases(self) -> Mapping[str, int]:
        return self.samples or {"pre": 8, "at3": 4, "post": 8}


def plain_text(candidate: int, place: int, is_correct: bool) -> str:
    return f"candidate {candidate} sample {place} says {'2' if is_correct else '3'}"


def make_study(store: Path, shape: Shape | None = None, write: Write = plain_text) -> Path:
    """Write a study's artifacts and folder; return its result.json."""
    made = _Maker(Store(store), shape or Shape(), write)
    return made.study()


class _Maker:
    def __init__(self, store: Store, shape: Shape, write: Write) -> None:
        store.prepare()
        self.store, self.shape, self.write = store, shape, write
        self.rng = np.random.default_rng(shape.seed)
        self.inputs: dict[str, str] = {}

    def study(self) -> Path:
        shape = self.shape
        data = {name: self._problems(place, name) for place, name in enumerate(shape.benchmarks)}
        measured = [self._candidate(place, name, data) for place, name in enumerate(shape.candidates)]
        proxies = [("pass@1", True, False), ("pass@8", True, False), ("loss", False, False), ("random", True, True)]
        layout = {
            "study": shape.study,
            "recipe_digest": "0" * 64,
            "seeds": [shape.seed],
            "benchmarks": [{"name": name, "samples": shape.phases["pre"]} for name in shape.benchmarks],
            "candidates": [{"name": one.name, **one.facts} for one in measured],
            "proxies": [{"name": n, "higher_is_better": h, "trivial": t} for n, h, t in proxies],
            "primary_proxy": "pass@8",
            "baseline_proxy": "pass@1",
            "outcome": {"k": 1, "samples": shape.phases["post"]},
            "evaluate_at": [int(phase[2:]) for phase in shape.phases if phase.startswith("at")],
            "has_rl": True,
            "warnings": [],
        }
        around = Circumstances(
            cost={
                "seconds": 300.0,
                "tokens": 9000,
                "gpu_hours": 0.0,
                "by_kind": {"sample": {"seconds": 300.0, "tokens": 9000, "steps": 4}},
            },
            proxy_costs={
                name: {"seconds": 10.0 + place, "tokens": 9, "samples": 4} for place, (name, *_) in enumerate(proxies)
            },
            environment={"harness": "0.1.0", "python": "3.11"},
            plugins=["posttrain-harness 0.1.0"],
        )
        result = json.loads(json.dumps(compose(measured, layout, around, resamples=shape.resamples)))
        check_result(result)
        return self._lay_out(result, layout, measured)

    def _lay_out(self, result: Any, layout: Any, measured: list[Measured]) -> Path:
        last = self._artifact("analyze", "last", lambda out: None, self.inputs, settings=layout)
        folder = self.store.study(self.shape.study, "abcdef0123456789")
        folder.mkdir(parents=True)
        write_json(
            folder / "plan.json",
            {"study": self.shape.study, "digest": "d", "steps": [{"kind": "analyze", "key": last.key, "title": "analyze"}]},
        )
        write_json(folder / "recipe.json", self.shape.recipe or {"schema_version": 1, "name": self.shape.study})
        write_counts(folder / "counts.parquet", measured)
        write_json(folder / "result.json", result)
        return folder / "result.json"

    def _artifact(self, kind: str, key: str, fill: Callable[[Path], None], inputs: Mapping[str, str], **more: Any) -> Ref:
        ref = Ref(kind, key)
        place = self.store.artifact(ref)
        place.mkdir(parents=True)
        fill(place)
        write_json(place / "manifest.json", {"kind": kind, "key": key, "inputs": dict(inputs), **more})
        return ref

    def _problems(self, place: int, name: str) -> Ref:
        rows = [{"id": f"{name}-{i}", "prompt": self.shape.prompt, "answer": "2"} for i in range(self.shape.problems)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        return self._artifact("data", f"problems{place}", lambda out: _text(out / "problems.jsonl", text), {})

    def _candidate(self, place: int, name: str, data: Mapping[str, Ref]) -> Measured:
        skill = 0.15 + 0.5 * place / len(self.shape.candidates)
        phases = {phase: self._phase(place, phase, skill + 0.1 * step, data) for step, phase in enumerate(self.shape.phases)}
        one = Measured(
            name=name,
            facts={
                "family": "base",
                "kind": "base" if place == 0 else "sft",
                "details": {},
                "curation": [{"use": "subset", "examples": 9}],
            },
            pre=phases["pre"],
            post=phases["post"],
            along={int(phase[2:]): found for phase, found in phases.items() if phase.startswith("at")},
            train_tokens=100.0 * place,
            examples=10,
            epochs=1,
        )
        one.rl_steps = 6
        one.rl_tokens = {step: 10.0 * step for step in (*one.along, 6)}
        values = {k: mean_pass_at_k(one.pre.all, k) for k in (1, 8)}
        readings = {f"pass@{k}": {"value": e.value, "low": e.low, "high": e.high} for k, e in values.items()}
        readings |= {label: {"value": float(self.rng.normal()), "low": None, "high": None} for label in ("loss", "random")}
        one.readings = {
            label: Reading(by_seed={self.shape.seed: {**row, "reason": None}}) for label, row in readings.items()
        }
        self._train(place)
        return one

    def _phase(self, place: int, phase: str, skill: float, data: Mapping[str, Ref]) -> Phase:
        counts = [
            self._grade(place, phase, number, name, skill - 0.2 * number / len(data), data[name])
            for number, name in enumerate(data)
        ]
        return Phase(by_seed={self.shape.seed: tuple(counts)})

    def _grade(self, place: int, phase: str, number: int, name: str, skill: float, problems: Ref) -> Counts:
        """Draw verdicts, write texts in shards, and grades beside them."""
        each, size = self.shape.phases[phase], self.shape.problems
        rates = np.clip(self.rng.normal(skill, 0.2, size), 0.02, 0.98)
        correct = (self.rng.random((size, each)) < rates[:, None]).ravel()
        # Objects: a numpy text column would lose what follows a NUL.
        ids = np.repeat(np.array([f"{name}-{i}" for i in range(size)], dtype=object), each)
        index = np.tile(np.arange(each), size)
        key = f"{phase}-{place}-{number}"
        drawn = self._artifact("sample", key, lambda out: self._shards(out, place, ids, index, correct, each), {})
        table = {
            "problem_id": ids,
            "index": index,
            "num_tokens": np.full(len(ids), 12),
            "truncated": np.zeros(len(ids), dtype=bool),
            "correct": correct,
            "answer": np.where(correct, "2", "3"),
        }
        inputs = {"problems": str(problems), "samples/000000": str(drawn)}
        grade = self._artifact("grade", key, lambda out: write_table(out / "grades.parquet", table), inputs)
        self.inputs[f"{phase}/{place}/{self.shape.seed}/{number}"] = str(grade)
        return Counts(
            benchmark=name,
            problem_ids=tuple(f"{name}-{i}" for i in range(size)),
            num_samples=np.full(size, each),
            num_correct=correct.reshape(size, each).sum(axis=1),
        )

    def _shards(
        self, out: Path, place: int, ids: NDArray[Any], index: NDArray[Any], correct: NDArray[np.bool_], each: int
    ) -> None:
        step = max(1, SHARD // each) * each
        for shard, start in enumerate(range(0, len(ids), step)):
            part = slice(start, start + step)
            texts = [self.write(place, start + i, bool(right)) for i, right in enumerate(correct[part])]
            write_table(out / f"part-{shard:05d}.parquet", {"problem_id": ids[part], "index": index[part], "text": texts})

    def _train(self, place: int) -> None:
        for kind, metric in (("sft", "loss"), ("rl", "reward")):
            rows = [{"step": step, metric: float(np.exp(-step / 40) + 0.01 * place)} for step in range(1, 401)]
            text = "".join(json.dumps(row) + "\n" for row in rows)
            run = self._artifact("train", f"{kind}-{place}", lambda out, text=text: _text(out / "metrics.jsonl", text), {})  # type: ignore[misc]
            self.inputs[f"{kind}/{place}/{self.shape.seed}"] = str(run)


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
