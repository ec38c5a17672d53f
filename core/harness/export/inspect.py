"""Logs of Inspect (`inspect view`), written by its own package: one a checkpoint and benchmark, an epoch a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import MissingError
from harness.store import slug

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.export.samples import Drawn, Evaluation
    from harness.values import Problem

CREATED = "1970-01-01T00:00:00+00:00"
"""The log's form wants a time; this one keeps an export the same."""


def write_inspect(found: Iterable[Evaluation], out: Path) -> list[Path]:
    """Write the evaluations, and return the files.

    Raises:
        MissingError: the package inspect_ai is not installed.
    """
    try:
        from inspect_ai.log import write_eval_log
    except ImportError:
        raise MissingError(
            "export: --format inspect needs the package inspect_ai, which is not installed; "
            "run: pip install 'posttrain-harness[inspect]', in an environment of its own if it does not fit this one"
        ) from None
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for one in found:
        file = out / f"{slug(one.label)}_{slug(one.benchmark)}.eval"
        write_eval_log(_log(one), str(file))
        written.append(file)
    return written


def _log(one: Evaluation) -> Any:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalMetric, EvalResults, EvalScore, EvalSpec

    epochs = max(len(samples) for samples in one.samples.values())
    shares = [sum(s.correct for s in samples) / len(samples) for samples in one.samples.values()]
    mean = EvalMetric(name="mean", value=sum(shares) / len(shares))
    spec = EvalSpec(
        created=CREATED,
        task=one.benchmark,
        model=f"posttrain-harness/{one.label}",
        dataset=EvalDataset(name=one.benchmark, samples=len(one.problems), sample_ids=[p.id for p in one.problems]),
        config=EvalConfig(epochs=epochs, epochs_reducer=["mean"]),
        metadata={"study": one.study, "candidate": one.candidate, "seed": one.seed, "phase": one.phase, **one.sampling},
        packages=dict(one.environment),
    )
    results = EvalResults(
        total_samples=len(one.problems) * epochs,
        completed_samples=sum(map(len, one.samples.values())),
        scores=[EvalScore(name=one.grader, scorer=one.grader, reducer="mean", metrics={"mean": mean})],
    )
    samples = [_sample(one, problem, drawn) for problem in one.problems for drawn in one.samples[problem.id]]
    return EvalLog(status="success", eval=spec, results=results, samples=samples)


def _sample(one: Evaluation, problem: Problem, drawn: Drawn) -> Any:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ModelOutput
    from inspect_ai.scorer import CORRECT, INCORRECT, Score

    reason: Any = "max_tokens" if drawn.truncated else "stop"
    return EvalSample(
        id=problem.id,
        epoch=drawn.index + 1,
        input=problem.prompt,
        target=problem.answer,
        messages=[ChatMessageUser(content=problem.prompt), ChatMessageAssistant(content=drawn.text)],
        output=ModelOutput.from_content(model=one.label, content=drawn.text, stop_reason=reason),
        scores={one.grader: Score(value=CORRECT if drawn.correct else INCORRECT, answer=drawn.answer)},
        metadata={"num_tokens": drawn.num_tokens},
    )
