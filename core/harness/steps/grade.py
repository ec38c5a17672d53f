"""grade: judge every sample once, and count per problem."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harness.errors import PluginError
from harness.steps.sample import read_prompts
from harness.tables import concatenate, read_table, write_table
from harness.values import Grade, Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.contract import Grader
    from harness.job import Job
    from harness.values import Problem

_TELL_EVERY = 256


def run(job: Job) -> None:
    """Write grades.parquet (a row a sample, without its text) and counts.parquet (a row a problem)."""
    problems = {p.id: p for p in read_prompts(job.input("problems"))}
    table = concatenate([read_table(p) for folder in job.inputs("samples/") for p in sorted(folder.glob("part-*.parquet"))])
    ids = table["problem_id"].tolist()
    grades = _grade_all(job, problems, ids, table.pop("text").tolist(), table["truncated"].tolist())
    write_table(
        job.out / "grades.parquet",
        {**table, "correct": [g.correct for g in grades], "answer": [g.answer for g in grades]},
    )
    write_table(job.out / "counts.parquet", _count(list(problems), ids, grades, table["index"].tolist()))


def _grade_all(
    job: Job, problems: dict[str, Problem], ids: Sequence[str], texts: Sequence[str], truncated: Sequence[bool]
) -> list[Grade]:
    """Grade each distinct (problem, text) once; a completion cut at the token limit has no answer."""
    places = [None if is_cut else (name, text) for name, text, is_cut in zip(ids, texts, truncated, strict=True)]
    distinct = list(dict.fromkeys(place for place in places if place is not None))
    found = _judge(job, [problems[name] for name, _ in distinct], [text for _, text in distinct])
    for grade in found:
        if not isinstance(grade, Grade):
            raise PluginError(f"a grader returned {grade!r}, not a Grade")
    grades = dict(zip(distinct, found, strict=True))
    return [Grade(correct=False) if place is None else grades[place] for place in places]


def _judge(job: Job, problems: Sequence[Problem], texts: Sequence[str]) -> Sequence[Grade]:
    """Ask the grader for all verdicts at once where it can, else for one after the other."""
    part = job.step.parts[0]
    offer: Grader = job.offer(part)  # type: ignore[assignment]
    if offer.load_many is not None and problems:
        memory = job.store.memory(part.kind, part.name, part.version)
        found = offer.load_many()(problems, texts, memory=memory, progress=job.ledger.tell)
        if len(found) != len(texts):
            raise PluginError(f"grader {part.name!r} returned {len(found)} grades for {len(texts)} completions; report it")
        return found
    judge, _ = job.component(part)
    grades = []
    for done, (problem, text) in enumerate(zip(problems, texts, strict=True)):
        if done % _TELL_EVERY == 0:
            job.ledger.tell(Progress(done=done, total=len(texts)))
        grades.append(judge(problem, text))
    return grades


def _count(
    order: Sequence[str], ids: Sequence[str], grades: Sequence[Grade], indexes: Sequence[int]
) -> dict[str, list[object]]:
    """Count per problem: samples, right ones, and what a vote over extracted answers says (ties: the earliest sample's)."""
    rows: dict[str, list[tuple[int, Grade]]] = {name: [] for name in order}
    for name, index, grade in zip(ids, indexes, grades, strict=True):
        rows[name].append((index, grade))
    columns: dict[str, list[object]] = {
        name: [] for name in ("problem_id", "num_samples", "num_correct", "num_majority", "majority_correct", "num_distinct")
    }
    for name, found in rows.items():
        found.sort(key=lambda row: row[0])
        votes = Counter(g.answer for _, g in found if g.answer is not None)
        winner, times = votes.most_common(1)[0] if votes else (None, 0)
        right = next((g.correct for _, g in found if g.answer is not None and g.answer == winner), False)
        values = (name, len(found), sum(g.correct for _, g in found), times, right, len(votes))
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    return columns
