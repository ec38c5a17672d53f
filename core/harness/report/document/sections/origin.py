"""Where the numbers come from: environment, plug-ins, digests and the recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document.blocks import Row, Section, Source, Table
from harness.report.document.cells import columns, word
from harness.report.shape import list_of, mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def origin_section(result: Mapping[str, Any], recipe: str | None) -> Section:
    """Return what a second run would need."""
    rows = tuple(Row(cells=(word(name), word(value))) for name, value in _facts(result))
    table = Table(
        name="origin",
        caption="What the numbers were made with",
        columns=(*columns("what"), *columns("value")),
        rows=rows,
    )
    sources = [Source(summary="The recipe, as it was run", text=recipe)] if recipe else []
    return Section(id="origin", label="Environment, recipe", title="Environment and recipe", blocks=(table, *sources))


def _facts(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "study", text_of(result.get("study"))
    yield "seeds", ", ".join(map(text_of, list_of(result.get("seeds"))))
    benchmarks = [
        f"{text_of(b.get('name'))} ({text_of(b.get('samples'))} samples)" for b in rows_of(result.get("benchmarks"))
    ]
    yield "benchmarks", ", ".join(benchmarks)
    for name, value in mapping_of(result.get("environment")).items():
        yield text_of(name), text_of(value)
    yield "plug-ins", ", ".join(map(text_of, list_of(result.get("plugins"))))
    yield "recipe digest", text_of(result.get("recipe_digest"))
    yield "numbers digest", text_of(result.get("numbers_digest"))
