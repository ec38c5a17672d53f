"""The grading step asks a grader for each distinct text once, in one batch where it can, and checks what it gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contract import Grader
from harness.errors import PluginError
from harness.job import Job, Ledger
from harness.jsonl import write_problems
from harness.step import Part, Step
from harness.steps.grade import run
from harness.store import Ref, Store
from harness.tables import read_table, write_table
from harness.values import Grade, Problem

TEXTS = ["7", "8", "7", "7", "cut", "9"]


class OnlyGrader:
    """Stands for the installed plug-ins: whatever is asked for, there is one."""

    def __init__(self, offer: Grader) -> None:
        self.offer = offer

    def find(self, _kind: type, _name: str) -> Grader:
        return self.offer


def make_job(tmp_path: Path, offer: Grader) -> Job:
    store = Store(tmp_path / "store")
    problems, samples = Ref("data", "p"), Ref("sample", "s")
    for ref in (problems, samples):
        store.artifact(ref).mkdir(parents=True)
    write_problems(store.artifact(problems) / "problems.jsonl", [Problem(id=name, prompt=name, answer="7") for name in "ab"])
    write_table(
        store.artifact(samples) / "part-00000.parquet",
        {
            "problem_id": ["a", "a", "a", "b", "b", "b"],
            "index": [0, 1, 2, 0, 1, 2],
            "text": TEXTS,
            "truncated": [text == "cut" for text in TEXTS],
        },
    )
    part = Part(kind="grader", name=offer.name, version=offer.version, settings={})
    out = tmp_path / "out"
    out.mkdir()
    return Job(
        step=Step(kind="grade", parts=(part,), inputs={"problems": problems, "samples/0": samples}),
        store=store,
        plugins=OnlyGrader(offer),  # type: ignore[arg-type]
        ledger=Ledger(tmp_path),
        out=out,
        scratch=tmp_path,
    )


def judge(problem: Problem, completion: str) -> Grade:
    return Grade(correct=completion == problem.answer, answer=completion)


def offer_of(many=None) -> Grader:
    return Grader(name="g", version="1", summary="s", load=lambda: judge, load_many=None if many is None else lambda: many)


def test_grade_gives_the_same_files_with_and_without_a_batch_form(tmp_path: Path) -> None:
    asked = []

    def many(problems, completions, *, memory, progress):
        asked.append(([p.id for p in problems], list(completions), memory))
        return [judge(problem, text) for problem, text in zip(problems, completions, strict=True)]

    jobs = []
    for name, offer in (("one", offer_of()), ("many", offer_of(many))):
        (tmp_path / name).mkdir()
        jobs.append(make_job(tmp_path / name, offer))
        run(jobs[-1])
    for file in ("grades.parquet", "counts.parquet"):
        assert (jobs[0].out / file).read_bytes() == (jobs[1].out / file).read_bytes()
    memory = jobs[1].store.root / "memory" / "grader-g-1"
    assert asked == [(["a", "a", "b", "b"], ["7", "8", "7", "9"], memory)]
    grades = read_table(jobs[1].out / "grades.parquet")
    assert grades["correct"].tolist() == [True, False, True, True, False, False]
    assert grades["answer"].tolist() == ["7", "8", "7", "7", None, "9"]
    counts = read_table(jobs[1].out / "counts.parquet")
    assert counts["num_correct"].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("many", "message"),
    [
        (lambda problems, completions, **_: [Grade(correct=True)], "returned 1 grades for 4 completions"),
        (lambda problems, completions, **_: [True] * len(completions), "returned True, not a Grade"),
    ],
)
def test_grade_refuses_a_batch_that_is_not_what_was_asked_for(many, message: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=message):
        run(make_job(tmp_path, offer_of(many)))
