"""lm-eval: the task's own filters and process_results, one sample at a time; for problems of the benchmark `lm-eval`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from harness import DataError, Grade, Grader, Problem, UserError, hookimpl
from harness_plugins.lm_eval.tasks import digest_of, load_task

FIRST_CHOICES = ("exact_match", "acc")
MAX_ANSWER = 1000
"""Characters of an answer that are kept for votes."""


def grade(problem: Problem, completion: str) -> Grade:
    """Grade one completion as the task does; right is a metric of at least 1.

    Raises:
        UserError: the problem is of another benchmark, or the metric is none or says nothing of one sample.
        DataError: the task's folder changed after the problems were read.
    """
    if "task" not in problem.meta or "doc" not in problem.meta:
        raise UserError(f"problem {problem.id!r}: is of no lm-eval task; the grader 'lm-eval' judges those alone")
    task = _task(problem.meta["task"], problem.meta["folder"] or None, problem.meta["digest"])
    document = json.loads(problem.meta["doc"])
    answer = _filtered(task, document, completion, problem.meta["filter"])
    value = _chosen(task.process_results(document, [answer]), problem.meta)
    return Grade(correct=value >= 1, answer=_shown(answer))


@cache
def _task(name: str, folder: str | None, digest: str) -> Any:
    if digest_of(folder) != digest:
        raise DataError(f"lm-eval task {name!r}: the files of its folder changed since its problems were read; run again")
    return load_task(name, folder, None)


def _filtered(task: Any, document: Mapping[str, Any], completion: str, name: str) -> Any:
    from lm_eval.api.instance import Instance

    instance = Instance(
        request_type="generate_until", doc=dict(document), arguments=("", {}), idx=0, metadata=(task.task_name, 0, 1)
    )
    instance.resps = [completion]
    next(one for one in task._filters if one.name == name).apply([instance])
    return instance.filtered_resps[name]


def _chosen(values: Mapping[str, Any], meta: Mapping[str, str]) -> float:
    """Return the value of the metric that says whether a sample is right."""
    asked = meta["metric"]
    name = asked or next((one for one in FIRST_CHOICES if one in values), next(iter(values), ""))
    known = ", ".join(values) or "none"
    if name not in values:
        raise UserError(f"lm-eval task {meta['task']!r}: has no metric {name!r}; set 'metric' to one of: {known}")
    value = values[name]
    try:
        return float(value)
    except (TypeError, ValueError):
        raise UserError(
            f"lm-eval task {meta['task']!r}: metric {name!r} says nothing of one sample by itself; "
            f"set 'metric' to another of: {known}"
        ) from None


def _shown(answer: Any) -> str | None:
    """Return what votes go by; a filter that found nothing says so in lm-eval's own way."""
    found = answer[0] if isinstance(answer, list | tuple) and answer else answer
    return None if not isinstance(found, str) or not found or found == "[invalid]" else found[:MAX_ANSWER]


@hookimpl
def harness_graders() -> Iterator[Grader]:
    """Offer `lm-eval`."""
    yield Grader(
        name="lm-eval",
        version="1",
        summary="the lm-eval task's own filters and metric, for problems of the benchmark lm-eval",
        load=lambda: grade,
        requires=("lm_eval",),
    )
