"""Analyze a result.json again: every headline number from the counts beside it, and all of validity with what is new."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import validity
from harness.assessment import Board, assess
from harness.errors import UserError
from harness.result.compose import Circumstances, analysis_seed, compose, in_result_form, numbers_digest
from harness.result.counts import read_counts_table
from harness.result.recorded import counts_beside, is_pass_at, last_step, layout_from, measured_from, read_result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.result.measured import Measured

FROM_COUNTS = ("pass@k", "outcomes", "gains", "verdict", "validity", "k sweep", "benchmarks")
FROM_VALUES = ("validity", "k sweep", "outcome by benchmark")
ONLY_COUNTS = ("pass@k and its intervals", "gains", "verdict", "noise of the outcome", "pass@k benchmark by benchmark")


def reanalyze(
    path: Path, *, resamples: int = 10_000, seed: int | None = None, outcome_step: int | None = None
) -> dict[str, Any]:
    """Work a result out again, from counts.parquet (a study) or <name>.counts.parquet (the registry) beside it.

    Without counts, from the values that stand in result.json: `reanalysis.taken` then says what could not be worked out
    again.

    Args:
        path: a result.json.
        resamples: bootstrap resamples.
        seed: of the resamples; None: the study's own, which gives its very numbers again.
        outcome_step: take the outcome after so many RL steps, one of those measured, as the end; None: the end of RL.

    Returns:
        A result.json with a key `reanalysis`: counts, resamples, seed, outcome_step, recomputed, taken.

    Raises:
        DataError: the result or the counts cannot be read, or do not belong together.
        UserError: no outcome was measured at `outcome_step`.
    """
    result = read_result(path)
    layout = layout_from(result)
    chosen = analysis_seed(layout) if seed is None else seed
    steps = [*layout["evaluate_at"], last_step(result)] if layout["has_rl"] else []
    if outcome_step is not None and outcome_step not in steps:
        known = ", ".join(map(str, steps)) or "none"
        raise UserError(f"{path}: no outcome was measured at RL step {outcome_step}; measured at: {known}")
    beside = counts_beside(path)
    if beside:
        measured = measured_from(result, read_counts_table(beside), beside)
        again = _from_counts(measured, result, layout, outcome_step, resamples, chosen)
    else:
        again = _from_values(result, layout, outcome_step, resamples, chosen)
    again["numbers_digest"] = numbers_digest(again)
    others = [name for name in result["candidates"][0]["proxies"] if not (beside and is_pass_at(name))]
    again["reanalysis"] = {
        "counts": beside.name if beside else None,
        "resamples": resamples,
        "seed": chosen,
        "outcome_step": outcome_step,
        "recomputed": list(FROM_COUNTS if beside else FROM_VALUES if layout["has_rl"] else ()),
        "taken": [*(() if beside else ONLY_COUNTS), *(f"readings of {name}" for name in others), "costs"],
    }
    return again


def _from_counts(
    measured: Sequence[Measured],
    result: Mapping[str, Any],
    layout: Mapping[str, Any],
    outcome_step: int | None,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Compose the result again; an earlier step is made the end of RL by leaving out what came later."""
    if outcome_step is not None and outcome_step in layout["evaluate_at"]:
        for one in measured:
            one.post = one.along[outcome_step]
            one.along = {step: phase for step, phase in one.along.items() if step < outcome_step}
            one.rl_steps = outcome_step
            one.rl_tokens = {step: tokens for step, tokens in one.rl_tokens.items() if step <= outcome_step}
        layout = {**layout, "evaluate_at": [step for step in layout["evaluate_at"] if step < outcome_step]}
    around = Circumstances(
        cost=result["cost"],
        proxy_costs=_costs(result),
        environment=result["environment"],
        plugins=result["plugins"],
        overlap=result.get("contamination"),
    )
    again = compose(measured, layout, around, resamples=resamples, seed=seed)
    tokens = {point["step"]: point["rl_tokens"] for point in result["along"]}
    again["along"] = [{**row, "rl_tokens": tokens[row["step"]]} for row in again["along"]]
    if not layout["has_rl"]:
        again["agreement"] = result.get("agreement")
    return again


def _from_values(
    result: Mapping[str, Any], layout: Mapping[str, Any], outcome_step: int | None, resamples: int, seed: int
) -> dict[str, Any]:
    """Judge again from the values a result recorded."""
    if not layout["has_rl"]:
        return dict(result)
    board = _board(result, layout)
    if outcome_step is not None:
        kept = {step: values for step, values in board.outcomes.items() if step <= outcome_step}
        if len(kept) < len(board.outcomes):
            board = replace(board, outcomes=kept, outcome_seeds=None, benchmark_outcomes={})
    parts = assess(board, resamples=resamples, seed=seed)
    tokens = {point["step"]: point["rl_tokens"] for point in result["along"]}
    return {**result, **in_result_form(parts, tokens, _costs(result))}


def _board(result: Mapping[str, Any], layout: Mapping[str, Any]) -> Board:
    rows = result["candidates"]
    outcomes = {
        float(step): _numbers([row["along"][place]["outcome"] for row in rows])
        for place, step in enumerate(layout["evaluate_at"])
    }
    outcomes[float(last_step(result))] = _numbers([row["outcome"] for row in rows])
    seeds = [[row["outcome"]["seeds"].get(str(seed)) for row in rows] for seed in layout["seeds"]]
    table = np.array(seeds, dtype=np.float64)
    ks = [k for name in rows[0]["pre"] if (k := is_pass_at(name))]
    return Board(
        columns=tuple(_column(proxy, rows, _costs(result)[proxy["name"]]) for proxy in layout["proxies"]),
        families=tuple(row["family"] for row in rows),
        outcomes=outcomes,
        baseline=result["baseline_proxy"],
        primary=result["primary_proxy"],
        outcome_seeds=table if np.isfinite(table).all() else None,
        pass_at={k: _numbers([row["pre"][f"pass@{k}"] for row in rows]) for k in ks},
        benchmark_outcomes={
            name: _numbers([row["per_benchmark"][name]["post"] for row in rows]) for name in rows[0]["per_benchmark"]
        },
    )


def _column(proxy: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], cost: Mapping[str, float]) -> validity.ProxyColumn:
    return validity.ProxyColumn(
        name=proxy["name"],
        higher_is_better=proxy["higher_is_better"],
        trivial=proxy["trivial"],
        values=_numbers([row["proxies"].get(proxy["name"]) for row in rows]),
        cost=cost,
    )


def _costs(result: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {row["name"]: row.get("cost") or {} for row in result["proxies"]}


def _numbers(estimates: Sequence[Mapping[str, Any] | None]) -> NDArray[np.float64]:
    """Return the values, NaN where there is none."""
    found = [None if estimate is None else estimate["value"] for estimate in estimates]
    return np.array(found, dtype=np.float64)
