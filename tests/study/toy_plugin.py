"""toy: components that compute nothing but obey the contracts, so that the host can be tested in a second a study.

A checkpoint is a folder whose config.json holds a skill in [0, 1]; training raises it; a sample is right with
that probability, by a hash. Stands in for models where the host is what is tested; the real ones have tests of their own.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import (
    Benchmark,
    Context,
    DataSource,
    Drift,
    Engine,
    Example,
    Grade,
    Grader,
    Model,
    NoParams,
    Problem,
    Progress,
    Sample,
    SampleRequest,
    Sampling,
    TokenScores,
    Trace,
    Trainer,
    TrainJob,
    hookimpl,
)

TOKENIZER = {
    "version": "1.0",
    "pre_tokenizer": {"type": "WhitespaceSplit"},
    "model": {"type": "WordLevel", "vocab": {"<unk>": 0}, "unk_token": "<unk>"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rows."""

    rows: int = 20
    """Rows to yield."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How training goes."""

    gain: float = 0.2
    """Skill gained."""
    fail_while: str | None = None
    """Raise while this file exists."""
    die_once: str | None = None
    """Kill the process if this file exists, which removes it."""
    die_always: bool = False
    """Kill the process each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """How the engine misbehaves."""

    lose: int = 0
    """Samples lost in each call."""


def chance(*labels: object) -> float:
    return int.from_bytes(hashlib.sha256(repr(labels).encode()).digest()[:6], "big") / 2**48


def write_checkpoint(folder: Path, skill: float) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"skill": skill}))
    (folder / "model.safetensors").write_bytes(b"\x00")
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    return folder


def skill_of(folder: Path) -> float:
    return json.loads((folder / "config.json").read_text())["skill"]


def make_model(params: NoParams, context: Context) -> Path:
    return write_checkpoint(context.work / "toy", 0.3)


def load_examples(params: Count, context: Context) -> Iterator[Example]:
    for i in range(params.rows):
        yield Example(id=f"e{i}", prompt=f"p{i}", response="x " * (1 + i % 7), answer=str(i % 10), source="ab"[i % 2])


def load_problems(params: Count, context: Context) -> list[Problem]:
    return [Problem(id=f"q{i}", prompt=f"q{i}", answer=str(i % 10)) for i in range(params.rows)]


def grade(problem: Problem, completion: str) -> Grade:
    return Grade(correct=completion == problem.answer, answer=completion)


def train(job: TrainJob, params: Training) -> None:
    print("a trainer that talks on standard output")  # noqa: T201 - it must harm nothing
    if params.fail_while and Path(params.fail_while).exists():
        raise ValueError("the toy was told to fail")
    if params.die_always:
        os._exit(9)
    if params.die_once and Path(params.die_once).exists():
        Path(params.die_once).unlink()
        os._exit(9)
    skill = min(1.0, skill_of(job.start) + params.gain * chance(job.seed, len(job.examples), job.epochs))
    for name in [*(f"step-{n}" for n in job.save_at), "final"]:
        write_checkpoint(job.out / name, skill)
    rows = [{"step": n, "loss": 1.0 / n, "reward": skill, "tokens": 100 * n} for n in range(1, 11)]
    (job.out / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    job.progress(Progress(done=10, total=10, tokens=1000))


class Session:
    def __init__(self, skill: float, lose: int) -> None:
        self.skill, self.lose = skill, lose

    def sample(self, requests: list[SampleRequest]) -> Iterator[Sample]:
        places = [(r, r.first_index + i) for r in requests for i in range(r.num_samples)]
        for request, index in places[self.lose :]:
            right = chance(request.seed, request.problem_id, index) < self.skill * (0.5 + chance(request.problem_id))
            number = int(request.problem_id[1:]) % 10 + (0 if right else 1)
            yield Sample(
                problem_id=request.problem_id,
                index=index,
                text=str(number),
                num_tokens=3,
                finish="stop",
                logprob=-1.0,
                entropy=0.5,
            )

    def score(self, traces: list[Trace]) -> Iterator[TokenScores]:
        import numpy as np

        for trace in traces:
            n = len(trace.response.split()) + 1
            yield TokenScores(
                id=trace.id,
                logprobs=np.full(n, self.skill - 1.5, dtype=np.float32),
                entropies=np.full(n, 0.5, dtype=np.float32),
                ranks=np.ones(n, dtype=np.int32),
            )

    def drift(self, base: Path, traces: list[Trace]) -> Drift:
        import numpy as np

        num_tokens = np.array([len(trace.response.split()) + 1 for trace in traces])
        apart = abs(self.skill - skill_of(base))
        ids = tuple(trace.id for trace in traces)
        return Drift(trace_ids=ids, num_tokens=num_tokens, kl=apart * num_tokens, parameter_distance=apart / skill_of(base))


@contextmanager
def open_engine(checkpoint: Path, params: Sampler) -> Iterator[Session]:
    # Long enough to be killed in; no setting, which would move keys.
    time.sleep(float(os.environ.get("TOY_WAIT_S", "0")))
    yield Session(skill_of(checkpoint), params.lose)


def offer(kind: Any, name: str, function: Any, **more: Any) -> Any:
    return kind(name=name, version="1", summary="toy", load=lambda: function, **more)


@hookimpl
def harness_models() -> Iterator[Model]:
    yield offer(Model, "toy-model", make_model)


@hookimpl
def harness_data_sources() -> Iterator[DataSource]:
    yield offer(DataSource, "toy-data", load_examples, params=Count, grader="toy-grade")


@hookimpl
def harness_graders() -> Iterator[Grader]:
    yield offer(Grader, "toy-grade", grade)


@hookimpl
def harness_benchmarks() -> Iterator[Benchmark]:
    yield offer(Benchmark, "toy-bench", load_problems, params=Count, grader="toy-grade", samples=8, sampling=Sampling())


@hookimpl
def harness_trainers() -> Iterator[Trainer]:
    yield offer(Trainer, "toy-sft", train, params=Training, method="sft")
    yield offer(Trainer, "toy-rl", train, params=Training, method="rl")


@hookimpl
def harness_engines() -> Iterator[Engine]:
    yield offer(Engine, "toy-engine", open_engine, params=Sampler, measures_drift=True)
