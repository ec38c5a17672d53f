"""A study as a table, so that `harness analyze` reads it like a user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.analysis import Question
from harness.errors import DataError
from harness.table import Table

if TYPE_CHECKING:
    from harness.studies.records import Study

LABEL = "label"
FAMILY = "family"


def study_table(study: Study) -> Table:
    """Return the rows of a study's primary evaluation, one column each for label and family beside the study's own.

    Raises:
        DataError: the study holds reported correlations only.
    """
    if not study.rows:
        raise DataError(
            f"{study.name}: the source prints correlations and no results of single checkpoints; "
            "see harness analyze --all-studies"
        )
    rows = study.primary_rows()
    columns: dict[str, list[Any]] = {LABEL: [row.label for row in rows], FAMILY: [row.family for row in rows]}
    columns |= {name: [row.values.get(name) for row in rows] for name in study.columns}
    return Table(name=study.name, columns=columns, lines=list(range(1, len(rows) + 1)))


def study_question(
    study: Study,
    *,
    outcome: str | None = None,
    proxies: tuple[str, ...] = (),
    lower_better: tuple[str, ...] = (),
    baseline: str | None = None,
    family: str | None = None,
    label: str | None = None,
) -> Question:
    """Ask what the study asks; what is given here wins."""
    own = [column for column in study.columns.values() if column.role == "proxy"]
    if not proxies and not lower_better:
        proxies = tuple(column.name for column in own if column.higher_is_better and column.name != outcome)
        lower_better = tuple(column.name for column in own if not column.higher_is_better and column.name != outcome)
    if baseline is None and study.baseline in (*proxies, *lower_better):
        baseline = study.baseline
    return Question(
        outcome=outcome or study.outcome,
        proxies=proxies,
        lower_better=lower_better,
        baseline=baseline,
        family=family or FAMILY,
        label=label or LABEL,
    )
