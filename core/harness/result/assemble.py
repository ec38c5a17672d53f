"""Put result.json together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness import validity
from harness.digest import of_json, seed_from
from harness.estimators import benchmark_pass_at_k, mean_pass_at_k, paired_difference
from harness.result.cost import Ledger
from harness.result.verdict import verdict
from harness.worker import environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.job import Job
    from harness.result.measured import Measured, Phase

SCHEMA_VERSION = 1
RESAMPLES = 10_000
"""Bootstrap resamples of every interval over candidates."""
TIMED = ("cost", "environment", "plugins")
"""Keys whose content moves from machine to machine; `numbers_digest` leaves them out wherever they stand."""


def assemble(job: Job, measured: Sequence[Measured]) -> dict[str, Any]:
    """Return result.json: what was measured, how each proxy did, and what to take to RL."""
    layout = job.step.settings
    ledger = Ledger(job.store)
    outcome = _Outcome(k=layout["outcome"]["k"])
    has_rl = layout["has_rl"]
    along, changes = _along(measured, layout, outcome) if has_rl and layout["evaluate_at"] else ([], {})
    judged = _judge(job, measured, outcome, ledger, changes) if has_rl else []
    result: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "study": layout["study"],
        "recipe_digest": layout["recipe_digest"],
        "seeds": layout["seeds"],
        "benchmarks": layout["benchmarks"],
        "outcome_metric": {"name": f"pass@{outcome.k}", "samples": layout["outcome"]["samples"]},
        "primary_proxy": layout["primary_proxy"],
        "baseline_proxy": layout["baseline_proxy"],
        "candidates": [_candidate(one, outcome) for one in measured],
        "proxies": judged,
        "along": along,
        "noise_ceiling": _noise_ceiling(measured, layout, outcome) if has_rl else None,
        "rl_gain": _rl_gain(measured, outcome) if has_rl else None,
        "verdict": verdict(measured, layout, outcome.value, resamples=RESAMPLES, seed=_seed(layout)),
        "cost": ledger.study(job.step.inputs.values()).to_json(),
        "environment": environment(),
        "plugins": sorted({r.distribution for r in job.plugins.records if r.status == "ok"}),
        "warnings": _warnings(measured, layout),
    }
    result["numbers_digest"] = of_json(_untimed(result))
    return result


class _Outcome:
    """What is measured after RL: mean pass@k over the benchmarks."""

    def __init__(self, k: int) -> None:
        self.k = k

    def of(self, phase: Phase) -> dict[str, Any]:
        """Return the estimate over all seeds (the interval speaks of problems), and each seed's own."""
        estimate = mean_pass_at_k(phase.all, self.k).to_json()
        seeds = {seed: mean_pass_at_k(counts, self.k).value for seed, counts in phase.by_seed.items()}
        values = [v for v in seeds.values() if v is not None]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
        return {**estimate, "seeds": {str(s): v for s, v in seeds.items()}, "seed_sd": spread}

    def value(self, phase: Phase) -> float:
        """Return the mean over seeds."""
        value = mean_pass_at_k(phase.all, self.k).value
        return float("nan") if value is None else value


def _candidate(one: Measured, outcome: _Outcome) -> dict[str, Any]:
    pre, post = one.pre, one.post
    return {
        "name": one.name,
        "family": one.facts["family"],
        "kind": one.facts["kind"],
        "details": one.facts["details"],
        "curation": one.facts["curation"],
        "examples": one.examples,
        "epochs": one.epochs,
        "train_tokens": one.train_tokens,
        "proxies": {name: reading.to_json() for name, reading in one.readings.items()},
        "pre": _pass_at(pre),
        "post": _pass_at(post) if post else None,
        "outcome": outcome.of(post) if post else None,
        "gain": paired_difference(post.all, pre.all, outcome.k).to_json() if post else None,
        "along": [
            {"step": step, "rl_tokens": one.rl_tokens[step], "outcome": outcome.of(phase)}
            for step, phase in one.along.items()
        ],
        "per_benchmark": {
            name: {
                "pre": estimate.to_json(),
                "post": benchmark_pass_at_k(post.all, outcome.k)[name].to_json() if post else None,
            }
            for name, estimate in benchmark_pass_at_k(pre.all, outcome.k).items()
        },
    }


def _pass_at(phase: Phase) -> dict[str, Any]:
    """Return pass@k for k = 1, 2, 4, … up to the samples drawn."""
    most = phase.num_samples
    ks = [2**i for i in range(most.bit_length()) if 2**i <= most]
    return {f"pass@{k}": mean_pass_at_k(phase.all, k).to_json() for k in ks}


def _columns(measured: Sequence[Measured], layout: Mapping[str, Any]) -> list[validity.ProxyColumn]:
    def number(one: Measured, name: str) -> float:
        value = one.readings[name].value
        return float("nan") if value is None else value

    return [
        validity.ProxyColumn(
            name=proxy["name"],
            higher_is_better=proxy["higher_is_better"],
            trivial=proxy["trivial"],
            values=np.array([number(one, proxy["name"]) for one in measured]),
        )
        for proxy in layout["proxies"]
    ]


def _judge(
    job: Job, measured: Sequence[Measured], outcome: _Outcome, ledger: Ledger, changes: Mapping[str, Any]
) -> list[dict[str, Any]]:
    layout = job.step.settings
    ends = {one.name: one.post.all for one in measured if one.post}
    judgements = validity.judge(
        _columns(measured, layout),
        np.array([outcome.value(one.post) for one in measured if one.post]),
        families=[one.facts["family"] for one in measured],
        baseline=layout["baseline_proxy"],
        outcome_se=np.array(list(validity.relative_errors(ends, outcome.k).values())),
        resamples=RESAMPLES,
        seed=_seed(layout),
    )
    return [
        {
            **judgement.to_json(),
            "change_along_rl": changes.get(judgement.name),
            "cost": ledger.proxy(job.step.inputs[f"proxy/{number}"]),
        }
        for number, judgement in enumerate(judgements)
    ]


def _along(
    measured: Sequence[Measured], layout: Mapping[str, Any], outcome: _Outcome
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Judge the proxies against the outcome at each amount of RL: the end of RL is the last point.

    Returns:
        One entry a step, and for each proxy how its Spearman moved from the first step to the last.
    """
    last = measured[0].rl_steps or 0
    points: dict[int, list[Phase]] = {n: [one.along[n] for one in measured] for n in layout["evaluate_at"]}
    points[last] = [one.post for one in measured if one.post]
    outcomes: dict[float, Any] = {
        step: np.array([outcome.value(phase) for phase in phases]) for step, phases in sorted(points.items())
    }
    judged = validity.judge_along(
        _columns(measured, layout),
        outcomes,
        families=[one.facts["family"] for one in measured],
        resamples=RESAMPLES,
        seed=_seed(layout),
    )
    trivial = {proxy["name"] for proxy in layout["proxies"] if proxy["trivial"]}
    rows = [
        {
            "step": int(step),
            "rl_tokens": float(np.mean([one.rl_tokens[int(step)] for one in measured])),
            "outcome_mean": float(values.mean()),
            "outcome_sd": float(values.std(ddof=1)) if len(measured) > 1 else None,
            "proxies": [
                {
                    "name": proxy.name,
                    "direction": proxy.direction,
                    "trivial": proxy.name in trivial,
                    **point.to_json(),
                    "step": int(step),
                }
                for proxy in judged
                for point in proxy.points
                if point.step == step
            ],
        }
        for step, values in outcomes.items()
    ]
    return rows, {proxy.name: proxy.change.to_json() for proxy in judged}


def _noise_ceiling(measured: Sequence[Measured], layout: Mapping[str, Any], outcome: _Outcome) -> dict[str, Any] | None:
    """Return the highest correlation with the outcome that its own seed-to-seed noise allows; None with one seed."""
    if len(layout["seeds"]) < 2 or len(measured) < 3:
        return None
    by_seed = [
        [mean_pass_at_k(counts, outcome.k).value for counts in one.post.by_seed.values()] for one in measured if one.post
    ]
    return validity.noise_ceiling(np.array(by_seed, dtype=np.float64).T).to_json()


def _rl_gain(measured: Sequence[Measured], outcome: _Outcome) -> dict[str, Any]:
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
    return found


def _seed(layout: Mapping[str, Any]) -> int:
    return seed_from("analysis", layout["recipe_digest"]) % 2**32


def _untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _untimed(v) for k, v in value.items() if k not in TIMED}
    return [_untimed(v) for v in value] if isinstance(value, list) else value
