"""Every graded sample of a finished study, with its text: one evaluation a candidate, seed, phase and benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, MissingError
from harness.steps.sample import read_prompts
from harness.store import Ref, Store, read_json
from harness.tables import concatenate, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.values import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One graded sample."""

    index: int
    text: str
    num_tokens: int
    truncated: bool
    correct: bool
    answer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One checkpoint on one benchmark."""

    study: str
    candidate: str
    seed: int
    phase: str
    """`pre`, `post`, or `at<RL step>`."""
    benchmark: str
    grader: str
    sampling: Mapping[str, Any]
    """max_tokens, temperature and top_p."""
    environment: Mapping[str, str]
    """Versions the samples were graded with."""
    problems: tuple[Problem, ...]
    samples: Mapping[str, tuple[Drawn, ...]]
    """By problem id, in order of their indexes."""

    @property
    def label(self) -> str:
        """A name of the checkpoint within its study."""
        return f"{self.candidate} {self.phase} seed {self.seed}"


def evaluations(folder: Path) -> Iterator[Evaluation]:
    """Yield the evaluations of a study, one in memory at a time.

    Args:
        folder: the study's folder in its store (`<store>/studies/<name>`), or the result.json in it.

    Raises:
        MissingError: no study is there, or an artifact of it was cleaned away.
        DataError: the study did not come to its end.
    """
    place = folder.parent if folder.is_file() else folder
    if not (place / "plan.json").is_file():
        raise MissingError(f"{folder}: no study is there; name a folder below 'studies' of a store, see harness status")
    store, target = Store(place.parent.parent), read_json(place / "plan.json")["steps"][-1]
    analysis = Ref(target["kind"], target["key"])
    if target["kind"] != "analyze" or not store.has(analysis):
        raise DataError(f"{folder}: the study has no result yet; finish it with harness run")
    manifest = store.manifest(analysis)
    layout = manifest["settings"]
    for role, ref in sorted(manifest["inputs"].items()):
        phase, *rest = role.split("/")
        if len(rest) == 3 and rest[0].isdecimal():
            yield _evaluation(store, Ref.parse(ref), layout, phase, *(int(part) for part in rest))


def _evaluation(
    store: Store, grade: Ref, layout: Mapping[str, Any], phase: str, candidate: int, seed: int, benchmark: int
) -> Evaluation:
    manifest = _manifest(store, grade)
    inputs = {role: Ref.parse(ref) for role, ref in manifest["inputs"].items()}
    blocks = [inputs[role] for role in sorted(inputs) if role.startswith("samples/")]
    settings = _manifest(store, blocks[0])["settings"]
    for ref in (*blocks[1:], inputs["problems"]):
        _manifest(store, ref)
    problems = read_prompts(store.artifact(inputs["problems"]))
    parts = [part for ref in blocks for part in sorted(store.artifact(ref).glob("part-*.parquet"))]
    drawn = concatenate([read_table(part, ["problem_id", "index", "text"]) for part in parts])
    graded = read_table(store.artifact(grade) / "grades.parquet")
    texts = dict(
        zip(zip(drawn["problem_id"].tolist(), drawn["index"].tolist(), strict=True), drawn["text"].tolist(), strict=True)
    )
    found: dict[str, list[Drawn]] = {problem.id: [] for problem in problems}
    columns = ("problem_id", "index", "num_tokens", "truncated", "correct", "answer")
    for name, index, tokens, cut, right, answer in zip(*(graded[column].tolist() for column in columns), strict=True):
        one = Drawn(
            index=index, text=texts[name, index], num_tokens=tokens, truncated=bool(cut), correct=bool(right), answer=answer
        )
        found[name].append(one)
    return Evaluation(
        study=layout["study"],
        candidate=layout["candidates"][candidate]["name"],
        seed=seed,
        phase=phase,
        benchmark=layout["benchmarks"][benchmark]["name"],
        grader=manifest["parts"][0]["name"],
        sampling=settings["sampling"],
        environment=manifest["environment"],
        problems=problems,
        samples={name: tuple(sorted(rows, key=lambda row: row.index)) for name, rows in found.items()},
    )


def _manifest(store: Store, ref: Ref) -> dict[str, Any]:
    if not store.has(ref):
        raise MissingError(f"{ref.kind} {ref.key[:12]}: its artifact is not in the store any more; run the study again")
    return store.manifest(ref)
