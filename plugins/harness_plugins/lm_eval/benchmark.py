"""lm-eval: any generate_until task of lm-evaluation-harness, its own prompts, few-shot examples and stop texts.

lm-eval (0.4.13) repeats a task by asking its model the same request again, and keeps the first answer unless the task's
filters say otherwise, so that pass@k cannot be had from it. Here a task's documents become problems: our engines draw as
many distinct samples as are asked for, and each is graded by itself, by the task's own filters and process_results.

Multiple-choice and log-likelihood tasks draw nothing and have no pass@k: they are refused. Temperature and length are the
recipe's `sampling`, not the task's generation_kwargs. As everywhere here, a completion that reaches max_tokens before any
stop text counts as wrong; lm-eval would grade what there is of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge

from harness import Benchmark, Context, DataError, LocalPath, Problem, Sampling, UserError, hookimpl
from harness_plugins.lm_eval.tasks import digest_of, load_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of `lm-eval`."""

    task: str
    """Name of a task: "gsm8k"; no group."""
    path: LocalPath | None = None
    """A folder with the task's YAML file; null: lm-eval's own tasks."""
    num_fewshot: Annotated[int, Ge(0)] | None = None
    """Examples before each problem; null: the task's own number."""
    limit: Annotated[int, Ge(1)] | None = None
    """Problems to take from the start; null: all."""
    metric: str | None = None
    """The metric that says whether a sample is right, 1 being right; null: exact_match, else acc, else the first."""
    filter: str | None = None
    """The filter whose answer is judged; null: the task's first."""
    chat: bool = False
    """Put the prompt, examples included, to the model as a user's message in the checkpoint's chat template."""


def load_problems(params: Params, _context: Context) -> list[Problem]:
    """Return the task's documents as problems, in its order.

    Raises:
        MissingError: no such task.
        UserError: the task draws no text, or has no such filter.
        DataError: its data cannot be loaded, or a document cannot be kept as JSON.
    """
    folder = str(params.path) if params.path else None
    task = load_task(params.task, folder, params.num_fewshot)
    if task.OUTPUT_TYPE != "generate_until":
        raise UserError(
            f"lm-eval task {params.task!r}: its output_type is {task.OUTPUT_TYPE}, which draws no samples; "
            "only generate_until tasks can be benchmarks, look for a variant of it with 'gen' or 'cot' in its name"
        )
    filters = [one.name for one in task._filters]
    if params.filter is not None and params.filter not in filters:
        raise UserError(f"lm-eval task {params.task!r}: has no filter {params.filter!r}; it has: {', '.join(filters)}")
    task.build_all_requests(limit=params.limit, rank=0, world_size=1)
    common = {
        "task": params.task,
        "filter": params.filter or filters[0],
        "metric": params.metric or "",
        "folder": folder or "",
        "digest": digest_of(folder),
        "version": str(task.VERSION),
    }
    return [_problem(params, task, instance, common) for instance in task.instances]


def _problem(params: Params, task: Any, instance: Any, common: dict[str, str]) -> Problem:
    where = f"lm-eval task {params.task!r}: document {instance.doc_id}"
    prompt, settings = instance.args[0], instance.args[1]
    if not isinstance(prompt, str) or len(instance.args) > 2:
        raise DataError(f"{where}: its prompt is not text alone; only text tasks can be benchmarks")
    try:
        document = json.dumps(instance.doc, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: cannot be kept as JSON ({error}); only text tasks can be benchmarks") from None
    stated = task.doc_to_text(instance.doc)
    until = settings.get("until", ())
    stop = (until,) if isinstance(until, str) else tuple(until)
    return Problem(
        id=str(instance.doc_id),
        prompt=prompt,
        answer=str(task.doc_to_target(instance.doc)),
        meta={**common, "doc": document, **({"statement": stated} if isinstance(stated, str) else {})},
        chat=params.chat,
        stop=tuple(text for text in stop if text),
    )


@hookimpl
def harness_benchmarks() -> Iterator[Benchmark]:
    """Offer `lm-eval`."""
    yield Benchmark(
        name="lm-eval",
        version="1",
        summary="any generate_until task of lm-evaluation-harness, or of a task folder of your own",
        params=Params,
        load=lambda: load_problems,
        grader="lm-eval",
        sampling=Sampling(max_tokens=1024, temperature=0.7),
        requires=("lm_eval",),
    )
