"""result.json from what was measured: the same for a study that has just ended and for one that is analysed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import validity
from harness.assessment import Board, agreed, assess
from harness.digest import of_json, seed_from
from harness.estimators import mean_pass_at_k
from harness.result.candidate import Outcome, candidate_entry
from harness.result.contamination import contamination
from harness.result.verdict import verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.result.measured import Measured, Phase

SCHEMA_VERSION = 1
RESAMPLES = 10_000
"""Bootstrap resamples of every interval over candidates."""
TIMED = ("cost", "environment", "plugins", "pareto")
"""Keys whose content moves from machine to machine; `numbers_digest` leaves them out wherever they stand."""

UNNUMBERED = ("numbers_digest", "reanalysis", "submission")
"""Top-level keys that are about the numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What surrounds the numbers: what they cost, and where they were made."""

    cost: Mapping[str, Any]
    proxy_costs: Mapping[str, Mapping[str, Any]]
    """By proxy."""
    environment: Mapping[str, str]
    plugins: Sequence[str]
    overlap: Mapping[str, Any] | None = None
    """What the step `overlap` found, where it was asked for."""


def compose(
    measured: Sequence[Measured],
    layout: Mapping[str, Any],
    around: Circumstances,
    *,
    resamples: int = RESAMPLES,
    seed: int | None = None,
) -> dict[str, Any]:
    """Return result.json: what was measured, how each proxy did, and what to take to RL.

    Args:
        measured: all candidates.
        layout: the plan's (`harness.plan.layout`).
        around: cost and environment, passed on.
        resamples: bootstrap resamples.
        seed: of the resamples; None: the study's own, from its recipe's digest.
    """
    outcome = Outcome(k=layout["outcome"]["k"])
    drawn: dict[str, Any] = {"resamples": resamples, "seed": analysis_seed(layout) if seed is None else seed}
    result: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "study": layout["study"],
        "recipe_digest": layout["recipe_digest"],
        "seeds": layout["seeds"],
        "benchmarks": layout["benchmarks"],
        "outcome_metric": {"name": f"pass@{outcome.k}", "samples": layout["outcome"]["samples"]},
        "primary_proxy": layout["primary_proxy"],
        "baseline_proxy": layout["baseline_proxy"],
        "candidates": [candidate_entry(one, outcome) for one in measured],
        **_validity(measured, layout, around, outcome, drawn),
        "rl_gain": _rl_gain(measured, outcome) if layout["has_rl"] else None,
        "verdict": verdict(measured, layout, outcome.value, **drawn),
        "cost": around.cost,
        "environment": around.environment,
        "plugins": around.plugins,
        "warnings": _warnings(measured, layout),
    }
    if around.overlap is not None:
        result["contamination"] = contamination(measured, around.overlap, outcome)
    result["numbers_digest"] = numbers_digest(result)
    return result


def analysis_seed(layout: Mapping[str, Any]) -> int:
    """Return the study's own seed of resamples."""
    return seed_from("analysis", layout["recipe_digest"]) % 2**32


def _validity(
    measured: Sequence[Measured],
    layout: Mapping[str, Any],
    around: Circumstances,
    outcome: Outcome,
    drawn: Mapping[str, int],
) -> dict[str, Any]:
    """Return the parts about the proxies; without RL only how they agree."""
    columns = _columns(measured, layout, around)
    if not layout["has_rl"]:
        return {"proxies": [], "along": [], "noise_ceiling": None, "agreement": agreed(columns)}
    parts = assess(_board(measured, layout, columns, outcome), **drawn)
    tokens = {step: float(np.mean([one.rl_tokens[step] for one in measured])) for step in measured[0].rl_tokens}
    return in_result_form(parts, tokens, around.proxy_costs)


def in_result_form(
    parts: Mapping[str, Any], rl_tokens: Mapping[int, float], costs: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return an assessment as result.json has it: steps as whole numbers, RL tokens and costs beside them."""
    proxies = [{**row, "cost": costs[row["name"]]} for row in parts["proxies"]]
    along = [
        {
            **row,
            "step": int(row["step"]),
            "rl_tokens": rl_tokens[int(row["step"])],
            "proxies": [{**proxy, "step": int(row["step"])} for proxy in row["proxies"]],
        }
        for row in parts["along"]
    ]
    sweep = [{**row, "step": int(row["step"])} for row in parts["k_sweep"]]
    return {**parts, "proxies": proxies, "along": along, "k_sweep": sweep}


def _board(
    measured: Sequence[Measured],
    layout: Mapping[str, Any],
    columns: tuple[validity.ProxyColumn, ...],
    outcome: Outcome,
) -> Board:
    """Put the numbers on a board: the end of RL is the last point."""
    ends = {one.name: one.post.all for one in measured if one.post}
    phases: dict[int, list[Phase]] = {n: [one.along[n] for one in measured] for n in layout["evaluate_at"]}
    phases[measured[0].rl_steps or 0] = [one.post for one in measured if one.post]
    passes = validity.pass_table({one.name: one.pre.all for one in measured})
    after = validity.pass_table(ends, [outcome.k])
    return Board(
        columns=columns,
        families=tuple(one.facts["family"] for one in measured),
        outcomes={step: np.array([outcome.value(phase) for phase in found]) for step, found in sorted(phases.items())},
        baseline=layout["baseline_proxy"],
        primary=layout["primary_proxy"],
        outcome_se=np.array(list(validity.relative_errors(ends, outcome.k).values())),
        outcome_seeds=_by_seed(measured, outcome),
        pass_at=passes.overall(),
        passes=passes,
        benchmark_outcomes={name: after.on(name)[outcome.k] for name in after.benchmarks},
    )


def _columns(
    measured: Sequence[Measured], layout: Mapping[str, Any], around: Circumstances
) -> tuple[validity.ProxyColumn, ...]:
    def number(one: Measured, name: str) -> float:
        value = one.readings[name].value
        return float("nan") if value is None else value

    return tuple(
        validity.ProxyColumn(
            name=proxy["name"],
            higher_is_better=proxy["higher_is_better"],
            trivial=proxy["trivial"],
            values=np.array([number(one, proxy["name"]) for one in measured]),
            cost=around.proxy_costs.get(proxy["name"], {}),
            reads_rl=proxy.get("reads_rl", 0),
        )
        for proxy in layout["proxies"]
    )


def _by_seed(measured: Sequence[Measured], outcome: Outcome) -> NDArray[np.float64]:
    """Return the outcome seed by seed, shape (seeds, candidates)."""
    rows = [
        [mean_pass_at_k(counts, outcome.k).value for counts in one.post.by_seed.values()] for one in measured if one.post
    ]
    return np.array(rows, dtype=np.float64).T


def _rl_gain(measured: Sequence[Measured], outcome: Outcome) -> dict[str, Any]:
    gain: dict[str, Any] = validity.rl_gain(
        {one.name: one.pre.all for one in measured}, {one.name: one.post.all for one in measured if one.post}, k=outcome.k
    ).to_json()
    return gain


def _warnings(measured: Sequence[Measured], layout: Mapping[str, Any]) -> list[str]:
    found = list(layout["warnings"])
    if len(layout["seeds"]) == 1 and layout["has_rl"]:
        found.append("one seed: differences between candidates hold the luck of one SFT and RL run each")
    for proxy in layout["proxies"]:
        readings = {one.name: one.readings[proxy["name"]] for one in measured}
        undefined = [name for name, reading in readings.items() if reading.value is None]
        if undefined and not proxy["trivial"]:
            reason = readings[undefined[0]].to_json()["reason"]
            found.append(f"{proxy['name']} is undefined for {', '.join(undefined)}: {reason}")
    return list(dict.fromkeys(found))


def numbers_digest(result: Mapping[str, Any]) -> str:
    """Return the digest of all that neither time nor machine moves."""
    return of_json(_untimed({name: part for name, part in result.items() if name not in UNNUMBERED}))


def _untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _untimed(v) for k, v in value.items() if k not in TIMED}
    return [_untimed(v) for v in value] if isinstance(value, list) else value
