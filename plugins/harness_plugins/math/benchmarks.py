r"""math-500 … minerva-math: the seven mathematics benchmarks that RL on mathematics is usually judged by.

Where each lies on the hub is taken from other people's evaluation code and was not checked against the hub itself; name
another copy with `path`, or a local one with `file`. Columns are found by the names that the known copies use.

- math-500: HuggingFaceH4/MATH-500, test; of MATH (arXiv 2103.03874), the 500 chosen by arXiv 2305.20050
- aime-1983-2024: di-zhang-fdu/AIME_1983_2024, train; American Invitational Mathematics Examination
- aime-2025: math-ai/aime25, test; both contests of 2025
- gsm8k: openai/gsm8k main, test; arXiv 2110.14168; the gold answer is what follows ####
- amc: math-ai/amc23, test; American Mathematics Competitions 2023
- olympiad-bench: Hothan/OlympiadBench OE_TO_maths_en_COMP, train; arXiv 2402.14008, English, open answers, text only
- minerva-math: math-ai/minervamath, test; the 272 OCWCourses problems of Minerva (arXiv 2206.14858). The task that lm-eval
  calls minerva_math is another thing: MATH with Minerva's prompt

Licences are the data sets' own; nothing of them ships here. Sampling follows RETU: temperature 0.7, top-p 1, 8,192 tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Annotated, Any

from annotated_types import Ge

from harness import Benchmark, Context, DataError, LocalPath, Problem, Sampling, hookimpl
from harness_plugins.math.benchmark_rows import Row, Rows, check_hub, hub_rows, local_rows
from harness_plugins.math.templates import TEMPLATES, TemplateName

SAMPLING = Sampling(max_tokens=8192, temperature=0.7, top_p=1.0)
SAMPLES = 64
PROBLEM_COLUMNS = ("problem", "question", "Problem", "Question")
ANSWER_COLUMNS = ("answer", "Answer", "final_answer", "expected_answer")
ID_COLUMNS = ("unique_id", "id", "ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a benchmark lies on the hub."""

    name: str
    summary: str
    path: str
    split: str
    config: str | None = None
    is_worked: bool = False
    """Whether the answer column holds a worked solution that ends with #### and the answer."""


SOURCES = (
    Source(name="math-500", summary="500 problems of MATH", path="HuggingFaceH4/MATH-500", split="test"),
    Source(name="aime-1983-2024", summary="AIME of 1983 to 2024", path="di-zhang-fdu/AIME_1983_2024", split="train"),
    Source(name="aime-2025", summary="AIME of 2025, 30 problems", path="math-ai/aime25", split="test"),
    Source(
        name="gsm8k",
        summary="grade school word problems, 1319",
        path="openai/gsm8k",
        config="main",
        split="test",
        is_worked=True,
    ),
    Source(name="amc", summary="AMC of 2023, 40 problems", path="math-ai/amc23", split="test"),
    Source(
        name="olympiad-bench",
        summary="olympiad problems in English without pictures, 674",
        path="Hothan/OlympiadBench",
        config="OE_TO_maths_en_COMP",
        split="train",
    ),
    Source(name="minerva-math", summary="undergraduate STEM problems, 272", path="math-ai/minervamath", split="test"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of every mathematics benchmark."""

    path: str | None = None
    """Hub id, "owner/name"; null: the benchmark's usual one."""
    config: str | None = None
    """Configuration (subset) of the data set; null: the usual one, of another `path` its only one."""
    revision: str | None = None
    """Commit hash of 40 hex digits. Null: what the hub has now; the commit read is kept in each problem's `meta`."""
    file: LocalPath | None = None
    """A local copy instead: JSON Lines or Parquet, a folder of either, or one that datasets' `save_to_disk` wrote."""
    split: str | None = None
    """Split to read; null: the usual one."""
    template: TemplateName = "boxed@1"
    """How a problem is put to the model; `chat…` use the checkpoint's own chat template."""
    limit: Annotated[int, Ge(1)] | None = None
    """Problems to take from the start; null: all."""

    def __post_init__(self) -> None:
        """Refuse what names nothing, or two things."""
        if self.file is not None and (self.path or self.revision or self.config):
            raise ValueError("'file' and 'path', 'revision' or 'config' name two sources; leave one out")
        if self.path is not None or self.revision is not None:
            check_hub(self.path or "owner/name", self.revision)


def load(source: Source, params: Params, _context: Context) -> list[Problem]:
    """Return the benchmark's problems in the order of its data.

    Raises:
        DataError: the data cannot be read, or a row has no problem, no answer, or the id of an earlier one.
    """
    split = params.split or source.split
    if params.file is not None:
        read = local_rows(params.file, split)
    else:
        config = params.config or (source.config if params.path in (None, source.path) else None)
        read = hub_rows(params.path or source.path, config, split, params.revision)
    problems: dict[str, Problem] = {}
    for number, row in enumerate(read.rows[: params.limit], start=1):
        problem = _problem(source, params, read, row, f"{read.name}: row {number}")
        if problem.id in problems:
            raise DataError(f"{read.name}: row {number}: id {problem.id!r} stands on an earlier row too; mend the data")
        problems[problem.id] = problem
    return list(problems.values())


def _problem(source: Source, params: Params, read: Rows, row: Row, where: str) -> Problem:
    statement = _text(_first(row, PROBLEM_COLUMNS, where), where)
    answer = _text(_first(row, ANSWER_COLUMNS, where), where)
    if source.is_worked and "####" in answer:
        answer = answer.rpartition("####")[2].strip()
    if not statement or not answer:
        raise DataError(f"{where}: the {'answer' if statement else 'problem'} is empty; mend the row or take it out")
    template = TEMPLATES[params.template]
    known = next((row[name] for name in ID_COLUMNS if row.get(name) not in (None, "")), None)
    meta = {"statement": statement, "source": read.name, "template": params.template}
    if read.revision is not None:
        meta["revision"] = read.revision
    return Problem(
        id=sha256(statement.encode()).hexdigest()[:16] if known is None else str(known),
        prompt=template.fill(statement),
        answer=answer,
        meta=meta,
        chat=template.chat,
    )


def _first(row: Mapping[str, Any], names: tuple[str, ...], where: str) -> Any:
    for name in names:
        if row.get(name) is not None:
            return row[name]
    raise DataError(f"{where}: has none of the columns {', '.join(names)}; it has: {', '.join(map(str, row)) or 'none'}")


def _text(value: Any, where: str) -> str:
    """Return a cell as text: 27.0 as 27; a list of answers joined by commas, as OlympiadBench keeps them."""
    if isinstance(value, list) and value:
        return ", ".join(_text(one, where) for one in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value).strip()
    raise DataError(f"{where}: {value!r} is neither a text nor a number; mend the row or take it out")


@hookimpl
def harness_benchmarks() -> Iterator[Benchmark]:
    """Offer the seven benchmarks."""
    for source in SOURCES:
        yield Benchmark(
            name=source.name,
            version="1",
            summary=source.summary,
            params=Params,
            load=partial(partial, load, source),
            grader="math-verify",
            sampling=SAMPLING,
            samples=SAMPLES,
        )
