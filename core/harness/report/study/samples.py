"""The samples a report shows, read from a study's artifacts: all of them, or by a fixed rule some of each kind.

A study may hold millions. The rule (`Rule`) keeps the same problems for every candidate and phase, so that they can be
compared, and of each the first right and the first wrong samples; it draws nothing at random.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.report.study.clean import clean, shortened, visible
from harness.steps.sample import read_prompts
from harness.store import Ref

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.report.study.find import Artifacts
    from harness.values import Problem

MOST_SAMPLES = 20_000
MOST_CHARACTERS = 20_000_000
"""Of all texts together: a page of them stays under 30 MB even where gzip gains nothing."""
LONGEST_TEXT = 4_000
LONGEST_ANSWER = 300
_PER_PROBLEM = 4
"""Samples wanted of a problem, candidate and phase, before there are more problems."""
_ROLE = re.compile(r"(pre|post|at(?P<step>\d+))/(?P<candidate>\d+)/(?P<seed>\d+)/(?P<benchmark>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProblem:
    """A problem that samples are of."""

    benchmark: int
    """Its place in SampleSet.benchmarks."""
    id: str
    prompt: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSample:
    """One sample; whole numbers are places in the lists of the SampleSet."""

    problem: int
    candidate: int
    phase: int
    seed: int
    index: int
    is_correct: bool
    tokens: int
    is_truncated: bool
    answer: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSet:
    """What is shown, and by which rule."""

    candidates: tuple[str, ...]
    benchmarks: tuple[str, ...]
    phases: tuple[str, ...]
    problems: tuple[ShownProblem, ...]
    samples: tuple[ShownSample, ...]
    """In the order of benchmark, problem, candidate, phase, seed and index."""
    total: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How many problems a benchmark and samples a problem are kept; None: all."""

    problems: int | None = None
    samples: int | None = None

    def choose(self, problems: Sequence[Problem]) -> list[str]:
        """Return ids of problems evenly spaced in their order."""
        if self.problems is None or self.problems >= len(problems):
            return [problem.id for problem in problems]
        return [problems[i * len(problems) // self.problems].id for i in range(self.problems)]

    def pick(self, right: Sequence[int], wrong: Sequence[int]) -> list[int]:
        """Return rows of one problem: half right and half wrong where there are enough, the earliest of each."""
        if self.samples is None:
            return sorted([*right, *wrong])
        half = min(len(right), self.samples // 2)
        num_wrong = min(len(wrong), self.samples - half)
        return sorted([*right[: self.samples - num_wrong], *wrong[:num_wrong]])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The samples of one candidate, phase, seed and benchmark."""

    candidate: int
    phase: str
    seed: int
    benchmark: int
    grades: Path
    parts: tuple[Path, ...]
    problems: Path
    size: int
    mean_characters: float


def read_samples(artifacts: Artifacts | None) -> SampleSet | None:
    """Read the samples to be shown; None where the store has none of them any more."""
    groups = list(_groups(artifacts)) if artifacts is not None else []
    total = sum(group.size for group in groups)
    if artifacts is None or not total:
        return None
    problems = {group.benchmark: read_prompts(group.problems) for group in groups}
    mean = sum(group.size * min(group.mean_characters, LONGEST_TEXT) for group in groups) / total
    most = min(MOST_SAMPLES, int(MOST_CHARACTERS / max(mean, 1.0)))
    while True:
        rule = _rule(total, len(groups), most, max(map(len, problems.values())))
        found = _collect(artifacts, groups, problems, rule, total)
        characters = sum(len(sample.text) for sample in found.samples)
        if characters <= MOST_CHARACTERS or most <= len(groups):
            return found
        most = int(0.9 * min(most, len(found.samples)) * MOST_CHARACTERS / characters)


def _groups(artifacts: Artifacts) -> Iterator[_Group]:
    """Yield the groups whose grades and texts are still there."""
    import pyarrow.parquet as pq

    for role, ref in artifacts.roles.items():
        place, match = artifacts.place(role), _ROLE.fullmatch(role)
        if match is None or place is None or ref.kind != "grade":
            continue
        inputs: dict[str, str] = artifacts.store.manifest(ref)["inputs"]
        drawn = [Ref.parse(inputs[name]) for name in sorted(inputs) if name.startswith("samples/")]
        parts = tuple(p for one in drawn for p in sorted(artifacts.store.artifact(one).glob("part-*.parquet")))
        asked = Ref.parse(inputs["problems"])
        heads = [pq.read_metadata(path) for path in parts]
        size = pq.read_metadata(place / "grades.parquet").num_rows
        if sum(head.num_rows for head in heads) == size > 0 and artifacts.store.has(asked):
            yield _Group(
                candidate=int(match["candidate"]),
                phase=role.partition("/")[0],
                seed=int(match["seed"]),
                benchmark=int(match["benchmark"]),
                grades=place / "grades.parquet",
                parts=parts,
                problems=artifacts.store.artifact(asked),
                size=size,
                mean_characters=sum(map(_text_bytes, heads)) / size,
            )


def _text_bytes(head: Any) -> int:
    """Return the bytes of the texts of a Parquet file before compression."""
    groups = [head.row_group(i) for i in range(head.num_row_groups)]
    chunks = [group.column(j) for group in groups for j in range(group.num_columns)]
    return sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema == "text")


def _rule(total: int, groups: int, most: int, most_problems: int) -> Rule:
    if total <= most:
        return Rule()
    per_group = max(2, most // groups)
    problems = min(most_problems, max(1, per_group // _PER_PROBLEM))
    return Rule(problems=problems, samples=max(2, per_group // problems))


def _collect(
    artifacts: Artifacts, groups: Sequence[_Group], problems: Mapping[int, Sequence[Problem]], rule: Rule, total: int
) -> SampleSet:
    names = tuple(clean(benchmark["name"]) for benchmark in artifacts.layout["benchmarks"])
    chosen = {benchmark: rule.choose(problems[benchmark]) for benchmark in sorted(problems)}
    places = {(b, name): i for i, (b, name) in enumerate((b, name) for b, ids in chosen.items() for name in ids)}
    phases = sorted({group.phase for group in groups}, key=_moment)
    found = [
        ShownSample(problem=places[group.benchmark, name], candidate=group.candidate, phase=phases.index(group.phase), **row)
        for group in groups
        for name, row in _read(group, chosen[group.benchmark], rule)
    ]
    by_id = {(b, problem.id): problem for b, asked in problems.items() for problem in asked}
    return SampleSet(
        candidates=tuple(clean(candidate["name"]) for candidate in artifacts.layout["candidates"]),
        benchmarks=names,
        phases=tuple(_said(phase) for phase in phases),
        problems=tuple(_problem(b, by_id[b, name]) for b, name in places),
        samples=tuple(sorted(found, key=lambda s: (s.problem, s.candidate, s.phase, s.seed, s.index))),
        total=total,
        rule=_in_words(rule, len(found), total),
    )


def _read(group: _Group, ids: Sequence[str], rule: Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (problem, facts) of each sample kept. Grades and texts stand in the same order."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    columns = ["problem_id", "index", "correct", "answer", "num_tokens", "truncated"]
    grades = pq.read_table(group.grades, columns=columns)
    wanted = pc.indices_nonzero(pc.is_in(grades["problem_id"], value_set=pa.array(ids, pa.string())))
    rows = _picked(grades.take(wanted), wanted.to_pylist(), rule)
    texts = _texts(group.parts, rows)
    for row, facts in zip(rows, grades.take(pa.array(rows, pa.int64())).to_pylist(), strict=True):
        answer = facts["answer"]
        yield (
            facts["problem_id"],
            {
                "seed": group.seed,
                "index": facts["index"],
                "is_correct": bool(facts["correct"]),
                "tokens": facts["num_tokens"],
                "is_truncated": bool(facts["truncated"]),
                "answer": None if answer is None else visible(shortened(answer, LONGEST_ANSWER)),
                "text": visible(shortened(texts[row], LONGEST_TEXT)),
            },
        )


def _picked(grades: Any, rows: Sequence[int], rule: Rule) -> list[int]:
    """Return the rows that the rule keeps, in order."""
    split: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    ids, verdicts = grades["problem_id"].to_pylist(), grades["correct"].to_pylist()
    for row, name, is_correct in zip(rows, ids, verdicts, strict=True):
        split[name][0 if is_correct else 1].append(row)
    return sorted(row for right, wrong in split.values() for row in rule.pick(right, wrong))


def _texts(parts: Sequence[Path], rows: Sequence[int]) -> dict[int, str]:
    """Read the texts of some rows of a table in parts, one part at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: dict[int, str] = {}
    start = 0
    for path in parts:
        size = pq.read_metadata(path).num_rows
        here = [row for row in rows if start <= row < start + size]
        if here:
            column = pq.read_table(path, columns=["text"])["text"].take(pa.array([row - start for row in here], pa.int64()))
            found.update(zip(here, column.to_pylist(), strict=True))
        start += size
    return found


def _problem(benchmark: int, problem: Problem) -> ShownProblem:
    return ShownProblem(
        benchmark=benchmark,
        id=clean(problem.id),
        prompt=visible(shortened(problem.prompt, LONGEST_TEXT)),
        answer=visible(shortened(problem.answer, LONGEST_ANSWER)),
    )


def _moment(phase: str) -> float:
    return float(phase[2:]) if phase.startswith("at") else {"pre": -1.0}.get(phase, float("inf"))


def _said(phase: str) -> str:
    return {"pre": "before RL", "post": "after RL"}.get(phase, f"RL step {phase.removeprefix('at')}")


def _in_words(rule: Rule, kept: int, total: int) -> str:
    cut = f"Texts over {LONGEST_TEXT:,} characters are cut in the middle."
    if rule.problems is None:
        return f"All {total:,} samples. {cut}"
    return (
        f"{kept:,} of {total:,} samples: up to {rule.problems} problems of each benchmark, evenly spaced in its order, and "
        f"of each problem, candidate, phase and seed up to {rule.samples} samples, half of them right where there are "
        f"enough, those with the lowest numbers first. {cut} The store has them all."
    )
