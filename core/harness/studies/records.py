"""A published study as data: where its figures come from, what its columns are, and its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Varied = Literal["sft within a base", "bases or pre-training"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the figures stand and how far they can be trusted."""

    id: str
    """An arXiv id, or what else names the source."""
    url: str = ""
    where: str
    """Table, figure or section."""
    how_read: str
    confidence: Literal["A", "B", "C"]
    """A: the source's own text; B: exact, in a secondary source; C: read off a figure."""
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column holds."""

    name: str
    role: Literal["proxy", "outcome", "detail"]
    what: str
    unit: str = ""
    proxy: str = ""
    """Its name across studies: `pass@1`, `pass@k`, `token-entropy`, ..."""
    k: int | None = None
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One start: what was measured of it before and after RL."""

    label: str
    family: str
    values: Mapping[str, float]
    """By column; what is not known is not there."""
    base: str = ""
    """The base model where a family is something closer; empty: the family itself."""
    evaluation: str = ""
    """The benchmark, where the study has several."""
    start: str = ""
    excluded: str | None = None
    """Why the row is left out of everything."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A correlation the source prints itself, its results not published row by row."""

    statistic: Literal["spearman", "pearson", "r2"]
    proxy: str
    outcome: str
    value: float
    k: int | None = None
    group: str = ""
    sd: float | None = None
    n: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One source's starts under one RL recipe."""

    name: str
    title: str
    source: Source
    varied: Varied
    rl: str
    seeds: int | None
    """RL runs a start; None where the source does not say."""
    caveats: tuple[str, ...]
    same_models_as: str | None = None
    """The study that counts for these starts."""
    family_is: str = ""
    primary_evaluation: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    outcome: str = ""
    baseline: str = ""
    rows: tuple[Row, ...] = ()
    tally: tuple[tuple[str, str], ...] = ()
    """(proxy, outcome) columns that the tallies of ordered pairs count."""
    reported: tuple[Reported, ...] = ()

    def primary_rows(self) -> list[Row]:
        """Return the rows of the evaluation that counts, those left out apart."""
        return [row for row in self.rows if not row.excluded and row.evaluation == self.primary_evaluation]
