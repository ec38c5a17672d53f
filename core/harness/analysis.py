"""Analyze a table: how well every proxy column foretold the outcome column; no study, no torch."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import validity
from harness.assessment import Board, assess
from harness.errors import DataError
from harness.validity.column import MOST_CANDIDATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.table import Table

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which column is what."""

    outcome: str
    proxies: tuple[str, ...] = ()
    """Higher is better; empty with `lower_better` empty: every other numeric column."""
    lower_better: tuple[str, ...] = ()
    baseline: str | None = None
    """The proxy to beat; None: the first."""
    family: str | None = None
    label: str | None = None
    compute: str | None = None
    """With it the table is long: a row is a point of a candidate's RL run."""


def analyze(table: Table, question: Question, *, resamples: int = 10_000, seed: int = 0) -> dict[str, Any]:
    """Judge every proxy of a table; with a compute column, at each amount of RL, the largest being the outcome.

    The primary proxy, whose calibration curve is drawn and which is combined with another, is the first that is not the
    baseline. Where the table has columns called pass@1, pass@4 and so on, they make a k sweep.

    Returns:
        The parts of result.json that a table allows (`harness.assessment.assess`), and what was asked.

    Raises:
        DataError: a column is missing or holds text, labels repeat, or a proxy changes within a run.
        UserError: the baseline is not among the proxies.
    """
    candidates = _candidates(table, question)
    columns, families, outcomes = _read(table, question, candidates)
    baseline = question.baseline or columns[0].name
    primary = next((column.name for column in columns if column.name != baseline), baseline)
    board = Board(
        columns=columns,
        families=families,
        outcomes=outcomes,
        baseline=baseline,
        primary=primary,
        pass_at=_pass_at(columns),
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "table": table.name,
        "outcome": question.outcome,
        "primary_proxy": primary,
        "baseline_proxy": baseline,
        "candidates_judged": len(families),
        "labels": list(candidates),
        **assess(board, resamples=resamples, seed=seed),
    }


def _read(
    table: Table, question: Question, candidates: dict[str, list[int]]
) -> tuple[tuple[validity.ProxyColumn, ...], tuple[str, ...], dict[float, NDArray[np.float64]]]:
    """Return proxies, families and outcomes by amount of RL, one entry a candidate each."""
    higher, lower = _proxy_names(table, question)
    rows = [rows[0] for rows in candidates.values()]
    columns = []
    for name in (*higher, *lower):
        values = table.numbers(name)
        _check_constant(name, values, candidates, table)
        picked = np.array([values[row] for row in rows])
        columns.append(validity.ProxyColumn(name=name, higher_is_better=name in higher, values=picked))
    families = tuple(table.texts(question.family)[row] for row in rows) if question.family else ("all",) * len(rows)
    return tuple(columns), families, _outcomes(table, question, candidates)


def _pass_at(columns: Sequence[validity.ProxyColumn]) -> dict[int, NDArray[np.float64]]:
    """Return the columns called pass@k that are known for every candidate, if pass@1 and another are among them."""
    found = {
        int(match[1]): column.values
        for column in columns
        if column.higher_is_better
        and (match := re.fullmatch(r"pass@([1-9]\d{0,5})", column.name))
        and np.isfinite(column.values).all()
    }
    return found if len(found) > 1 and 1 in found else {}


def _proxy_names(table: Table, question: Question) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns of proxies, higher better and lower better."""
    taken = {question.outcome, question.family, question.label, question.compute}
    both = [name for name in question.proxies if name in question.lower_better]
    if both:
        raise DataError(f"{table.name}: {both[0]!r} is named as --proxy and as --lower-better; name it once")
    if question.proxies or question.lower_better:
        higher = question.proxies
    else:
        higher = tuple(name for name in table.columns if name not in taken and table.is_numeric(name))
    if not higher and not question.lower_better:
        raise DataError(f"{table.name}: no numeric column is left to be a proxy; name some with --proxy")
    return higher, question.lower_better


def _candidates(table: Table, question: Question) -> dict[str, list[int]]:
    """Return the rows of each candidate: one, or with a compute column one a point."""
    labels = table.texts(question.label) if question.label else [f"row {line}" for line in table.lines]
    if question.compute and not question.label:
        raise DataError(f"{table.name}: --compute needs --label, so that the points of one run are known")
    found: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        found.setdefault(label, []).append(row)
    if len(found) > MOST_CANDIDATES:
        raise DataError(
            f"{table.name}: {len(found)} candidates; at most {MOST_CANDIDATES} can be judged together, so give fewer rows"
        )
    twice = next((label for label, rows in found.items() if len(rows) > 1), None)
    if twice is not None and not question.compute:
        line = table.lines[found[twice][1]]
        raise DataError(f"{table.name}:{line}: label {twice!r} stands twice; make labels unique, or name a --compute column")
    return found


def _check_constant(name: str, values: Sequence[float], candidates: dict[str, list[int]], table: Table) -> None:
    for label, rows in candidates.items():
        known = {values[row] for row in rows if not math.isnan(values[row])}
        if len(known) > 1 or (known and any(math.isnan(values[row]) for row in rows)):
            raise DataError(
                f"{table.name}:{table.lines[rows[1]]}: proxy {name!r} changes within run {label!r}; "
                "a proxy is measured once, before RL"
            )


def _outcomes(table: Table, question: Question, candidates: dict[str, list[int]]) -> dict[float, Any]:
    """Return the outcome of every candidate at each amount of RL, NaN where there is none."""
    values = table.numbers(question.outcome)
    if question.compute is None:
        return {0.0: np.array([values[rows[0]] for rows in candidates.values()])}
    amounts = table.numbers(question.compute)
    found: dict[float, Any] = {}
    for position, (label, rows) in enumerate(candidates.items()):
        seen: set[float] = set()
        for row in rows:
            where = f"{table.name}:{table.lines[row]}"
            if math.isnan(amounts[row]):
                raise DataError(f"{where}: column {question.compute!r} is empty; say how much RL this point had")
            if amounts[row] in seen:
                raise DataError(f"{where}: run {label!r} has two points at {question.compute} {amounts[row]:g}; keep one")
            seen.add(amounts[row])
            found.setdefault(amounts[row], np.full(len(candidates), np.nan))[position] = values[row]
    return found
