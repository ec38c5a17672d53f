"""problems-file: a benchmark from a local JSON Lines or Parquet file of prompts and gold answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from harness import Benchmark, Context, DataError, LocalPath, Problem, Sampling, hookimpl
from harness_plugins.data import jsonl, parquet
from harness_plugins.data.columns import check_template
from harness_plugins.data.examples import content_id, prompt_of, taken
from harness_plugins.data.files import display


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Which column holds what; `a.b` reaches into nested values."""

    prompt: str = "prompt"
    """The prompt."""
    answer: str = "answer"
    """The gold answer: bare, or a worked solution that marks it by \\boxed{...} or ####."""
    id: str | None = None
    """A unique id; null: the column `id`. Rows without a value get a hash of prompt and answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of `problems-file`."""

    path: LocalPath
    """The file: Parquet where its name ends in .parquet, else JSON Lines."""
    fields: Fields = Fields()
    """Which column holds what."""
    prompt_template: str | None = None
    """Builds the prompt from columns, as in "Question: {question}\\nAnswer:"; null: `fields.prompt` as it stands."""
    offset: Annotated[int, Ge(0)] = 0
    """Rows to pass over at the start."""
    limit: Annotated[int, Ge(1)] | None = None
    """Rows to read after that; null: all."""

    def __post_init__(self) -> None:
        """Refuse a template that cannot be filled."""
        if self.prompt_template is not None:
            check_template(self.prompt_template, "prompt_template")


def load_problems(params: Params, _context: Context) -> list[Problem]:
    """Return the file's problems in order.

    Raises:
        DataError: the file, or a row of it, cannot be used; the message names file and line.
    """
    read = parquet.read_rows if params.path.suffix in parquet.SUFFIXES else jsonl.read_rows
    problems: dict[str, Problem] = {}
    copies: dict[str, int] = {}
    for row in taken(read(params.path), params.offset, params.limit, display(params.path)):
        prompt = prompt_of(row, params.fields.prompt, params.prompt_template)
        answer = row.label(params.fields.answer, "fields.answer")
        if answer is None or not answer.strip():
            answer = row.text(params.fields.answer, "fields.answer")
        identity = row.label(params.fields.id, "fields.id", "id") or content_id(copies, prompt, answer)
        if identity in problems:
            raise DataError(f"{row.where}: id {identity!r} stands on an earlier row too; give each row its own")
        problems[identity] = Problem(id=identity, prompt=prompt, answer=answer)
    return list(problems.values())


@hookimpl
def harness_benchmarks() -> Iterator[Benchmark]:
    """Offer `problems-file`."""
    yield Benchmark(
        name="problems-file",
        version="1",
        summary="a benchmark from a local JSON Lines or Parquet file of prompts and answers",
        params=Params,
        load=lambda: load_problems,
        grader="answer-match",
        sampling=Sampling(max_tokens=1024),
    )
