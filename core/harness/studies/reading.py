"""What one study says of one proxy: a rank correlation and the pairs it orders rightly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.studies.pairs import Pairs, ordered_pairs
from harness.studies.permutation import RankTest, rank_test

if TYPE_CHECKING:
    from harness.studies.records import Column, Study, Varied


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One proxy in one study, on the study's own outcome and primary evaluation."""

    study: str
    varied: Varied
    confidence: str
    proxy: str
    k: int | None
    column: str
    outcome: str
    n: int
    families: int
    test: RankTest
    """Positive: the proxy points as claimed."""
    pairs: Mapping[str, Pairs]
    """Same-family pairs by base model."""
    same_models_as: str | None
    """The study that counts for these starts; None where this one does."""

    @property
    def all_pairs(self) -> Pairs:
        """Pairs of all bases."""
        return sum(self.pairs.values(), Pairs())

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        plain = ("study", "varied", "confidence", "k", "column", "outcome", "n", "families", "same_models_as")
        return {
            **{name: getattr(self, name) for name in plain},
            "spearman": self.test.rho,
            "p": self.test.p,
            "p_method": self.test.method,
            "reason": self.test.reason,
            "pairs": self.all_pairs.to_json(),
        }


def readings(study: Study) -> list[Reading]:
    """Read each proxy of a study once: the column of the largest k, then the one listed first."""
    chosen: dict[str, Column] = {}
    for column in study.columns.values():
        if column.role == "proxy" and (column.k or 0) > (chosen[column.proxy].k or 0 if column.proxy in chosen else -1):
            chosen[column.proxy] = column
    return [_reading(study, column) for column in chosen.values()]


def _reading(study: Study, column: Column) -> Reading:
    rows = [row for row in study.primary_rows() if column.name in row.values and study.outcome in row.values]
    families = {row.family for row in rows}
    sign = 1.0 if column.higher_is_better else -1.0
    test = rank_test(
        [sign * row.values[column.name] for row in rows],
        [row.values[study.outcome] for row in rows],
        exchangeable=len(families) in (1, len(rows)),
    )
    return Reading(
        study=study.name,
        varied=study.varied,
        confidence=study.source.confidence,
        proxy=column.proxy,
        k=column.k,
        column=column.name,
        outcome=study.outcome,
        n=len(rows),
        families=len(families),
        test=test,
        pairs=ordered_pairs(rows, column, study.columns[study.outcome]),
        same_models_as=study.same_models_as,
    )


def tally(study: Study) -> dict[str, Pairs]:
    """Count the pairs of a study's `tally`, by proxy: every column and evaluation it names, a start more than once."""
    found: dict[str, Pairs] = {}
    for proxy, outcome in study.tally:
        column = study.columns[proxy]
        counted = sum(ordered_pairs(study.rows, column, study.columns[outcome]).values(), Pairs())
        found[column.proxy] = found.get(column.proxy, Pairs()) + counted
    return found
