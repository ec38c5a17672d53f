"""Measure a checkpoint, and its base where a rule compares with it, for a gate; what is measured already is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness import plan as planning
from harness import study
from harness.checkpoints import pre_counts
from harness.evidence import read_losses
from harness.gate.measured import LossPair, Measured
from harness.values import ProxyValue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.checkpoints import Request
    from harness.plan import Plan
    from harness.plugins import Plugins
    from harness.recipe import Recipe
    from harness.store import Store
    from harness.values import LossTable

ROUNDING = 1e-9


def measure(request: Request, recipe: Recipe, plugins: Plugins, store: Store) -> tuple[Measured, dict[str, Any], Path]:
    """Run a gate's study, or read it from the store.

    Args:
        request: of one checkpoint; the base may be measured too.
        recipe: the request's, loaded.
        plugins: whose components it names.
        store: where artifacts go.

    Returns:
        What the rules read, result.json as a mapping, and its path.

    Raises:
        StepFailedError, MissingError, StoreError, KeyboardInterrupt: as `study.run`.
    """
    plan = planning.build(recipe, plugins)
    result, path = study.run(recipe, plugins, store, plan=plan)
    counts = pre_counts(path.with_name("counts.parquet"))
    labels = {name: use.label for name, use in zip(request.proxies, recipe.proxies, strict=False)}
    own, *others = result["candidates"]
    readings = read_all(own, labels)
    base_readings = read_all(others[0], labels) if others else {}
    measured = Measured(
        candidate=own["name"],
        readings=readings,
        counts=counts[own["name"]],
        base=request.base.text if others and request.base else None,
        base_readings=base_readings,
        base_counts=counts[others[0]["name"]] if others else (),
        losses={
            name: pair
            for number, name in enumerate(labels)
            if others and (pair := _losses(plan, store, number, recipe.seeds[0], readings[name], base_readings[name]))
        },
    )
    return measured, result, path


def read_all(candidate: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, ProxyValue]:
    """Return a candidate's readings of result.json by the names of rules.

    Args:
        candidate: an entry of `candidates`.
        labels: the proxies' labels by those names.
    """
    rows = {name: candidate["proxies"][label] for name, label in labels.items()}
    return {name: ProxyValue(**{key: row[key] for key in ("value", "reason", "low", "high")}) for name, row in rows.items()}


def _losses(plan: Plan, store: Store, number: int, seed: int, own: ProxyValue, base: ProxyValue) -> LossPair | None:
    """Find the held-out scores that a proxy read, if it is their mean over tokens for checkpoint and base alike."""
    step = plan.by_ref[plan.target.inputs[f"proxy/{number}"]]
    for kind in ("own", "fixed"):
        roles = [f"{kind}/{place}/{seed}" for place in (0, 1)]
        if not all(role in step.inputs for role in roles):
            continue
        tables = [read_losses(store.artifact(step.inputs[role])) for role in roles]
        if tables[0] and tables[1] and _is_mean(tables[0], own) and _is_mean(tables[1], base):
            return LossPair(own=tables[0], base=tables[1])
    return None


def _is_mean(table: LossTable, reading: ProxyValue) -> bool:
    mean = float(table.nll.sum() / table.num_tokens.sum())
    return reading.value is not None and abs(reading.value - mean) <= ROUNDING * max(1.0, abs(mean))
