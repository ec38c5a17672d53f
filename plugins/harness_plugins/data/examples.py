"""From the rows of a user's data to examples: the settings all such sources share, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Annotated

from annotated_types import Ge

from harness import DataError, Example
from harness_plugins.data.chat import prompt_and_response
from harness_plugins.data.columns import Row, check_template, fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Which column holds what; `a.b` reaches into nested values."""

    prompt: str = "prompt"
    """The prompt."""
    response: str | None = "response"
    """The worked response; null where only prompts are used, as in RL."""
    answer: str | None = None
    """The gold answer; null: the column `answer`, where a row has it."""
    id: str | None = None
    """A unique id; null: the column `id`. Rows without a value get a hash of prompt and response."""
    source: str | None = None
    """Which part of the data a row belongs to; null: the column `source`, where a row has it, else the label in `source`."""
    messages: str | None = None
    """A chat, as a list of messages, instead of prompt and response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowParams:
    """Settings that all sources of rows share."""

    fields: Fields = Fields()
    """Which column holds what."""
    prompt_template: str | None = None
    """Builds the prompt from columns, as in "Question: {question}\\nAnswer:"; null: `fields.prompt` as it stands."""
    response_template: str | None = None
    """Builds the response from columns; null: `fields.response` as it stands."""
    meta: Mapping[str, str] = field(default_factory=dict)
    """Further columns to keep, by the name they get: {"style": "info.style"}."""
    source: str = ""
    """Label of rows that name no source of their own."""
    offset: Annotated[int, Ge(0)] = 0
    """Rows to pass over at the start."""
    limit: Annotated[int, Ge(1)] | None = None
    """Rows to read after that; null: all."""

    def __post_init__(self) -> None:
        """Refuse templates that cannot be filled."""
        for setting in ("prompt_template", "response_template"):
            template = getattr(self, setting)
            if template is not None and self.fields.messages is not None:
                raise ValueError(f"'fields.messages' already gives prompt and response; leave {setting!r} out")
            if template is not None:
                check_template(template, setting)


def to_examples(rows: Iterable[Row], params: RowParams, name: str) -> Iterator[Example]:
    """Yield one example a row, in order.

    Args:
        rows: all rows of the source.
        params: what to take from them.
        name: the source, as messages call it.

    Raises:
        DataError: a row does not fit, an id comes twice, or no row is left.
    """
    seen: dict[str, str] = {}
    copies: dict[str, int] = {}
    for row in taken(rows, params.offset, params.limit, name):
        prompt, response = _texts(row, params)
        identity = row.label(params.fields.id, "fields.id", "id") or content_id(copies, prompt, response)
        if identity in seen:
            raise DataError(f"{row.where}: id {identity!r} stands at {seen[identity]} too; give each row its own")
        seen[identity] = row.where
        yield Example(
            id=identity,
            prompt=prompt,
            response=response,
            answer=row.label(params.fields.answer, "fields.answer", "answer"),
            source=row.label(params.fields.source, "fields.source", "source") or params.source,
            meta=_meta(row, params.meta),
        )


def taken(rows: Iterable[Row], offset: int, limit: int | None, name: str) -> Iterator[Row]:
    """Yield the rows that offset and limit leave.

    Raises:
        DataError: none is left.
    """
    number = -1
    for number, row in enumerate(islice(rows, None if limit is None else offset + limit)):
        if number >= offset:
            yield row
    if number < 0:
        raise DataError(f"{name}: there are no rows; name a source that has some")
    if number < offset:
        raise DataError(f"{name}: has {number + 1} rows and 'offset' passes over {offset}; lower 'offset'")


def content_id(copies: dict[str, int], *texts: str) -> str:
    """Return an id that depends on the content and, from the second copy on, on which copy it is; counts in `copies`."""
    digest = sha256("\0".join(texts).encode()).hexdigest()[:16]
    copies[digest] = copies.get(digest, 0) + 1
    return digest if copies[digest] == 1 else f"{digest}-{copies[digest]}"


def prompt_of(row: Row, column: str, template: str | None) -> str:
    """Return a row's prompt, from the template if there is one."""
    return row.text(column, "fields.prompt") if template is None else fill(template, row, "prompt_template")


def _texts(row: Row, params: RowParams) -> tuple[str, str]:
    fields = params.fields
    if fields.messages is not None:
        prompt, response = prompt_and_response(row, fields.messages)
        if fields.response is not None and not response.strip():
            raise DataError(
                f"{row.where}: {fields.messages}: no assistant message ends the chat; "
                "take the row out, or set 'fields.response' to null for prompts only"
            )
        return prompt, "" if fields.response is None else response
    prompt = prompt_of(row, fields.prompt, params.prompt_template)
    if params.response_template is not None:
        return prompt, fill(params.response_template, row, "response_template")
    return prompt, "" if fields.response is None else row.text(fields.response, "fields.response")


def _meta(row: Row, columns: Mapping[str, str]) -> dict[str, str]:
    values = {key: row.label(column, f"meta.{key}") for key, column in columns.items()}
    return {key: value for key, value in values.items() if value is not None}
