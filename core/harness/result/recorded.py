"""A result.json read back: checked, and with the counts beside it turned into what `compose` works from."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NoReturn

from harness.errors import DataError
from harness.estimators import mean_pass_at_k
from harness.result.check import fault_of
from harness.result.compose import SCHEMA_VERSION
from harness.result.measured import Measured, Phase, Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.result.counts import ByPhase

TOLERANCE = 1e-9
"""How far a number worked out again may be off: another order of summing, no more."""


def read_result(path: Path) -> dict[str, Any]:
    """Read and check a result.json.

    Raises:
        DataError: missing, not JSON, of another schema version, not a result, or two candidates of one name.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a result.json") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start + 1} is not UTF-8; name a result.json") from None
    try:
        result = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({error}); name a result.json") from None
    version = result.get("schema_version") if isinstance(result, dict) else None
    if version is None:
        raise DataError(f"{path}: has no schema_version; name a result.json that harness run wrote")
    if version != SCHEMA_VERSION:
        raise DataError(
            f"{path}: result schema {str(version)[:40]!r}, this harness reads {SCHEMA_VERSION}; upgrade posttrain-harness"
        )
    if fault := fault_of(result):
        raise DataError(f"{path}: {fault.splitlines()[0][:200]}; name a result.json as harness run wrote it")
    twice = [name for name, times in Counter(one["name"] for one in result["candidates"]).items() if times > 1]
    if twice:
        raise DataError(f"{path}: two candidates are called {twice[0]!r}; give each its own name")
    checked: dict[str, Any] = result
    return checked


def counts_beside(path: Path) -> Path | None:
    """Find the counts of a result: <name>.counts.parquet (the registry), or counts.parquet in its folder (a study)."""
    places = (path.with_suffix(".counts.parquet"), path.with_name("counts.parquet"))
    return next((place for place in places if place.is_file()), None)


def layout_from(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the layout of the study a result is of, as far as `compose` reads it."""
    has_rl = result["candidates"][0]["outcome"] is not None
    return {
        **{name: result[name] for name in ("study", "recipe_digest", "seeds", "benchmarks", "warnings")},
        "primary_proxy": result["primary_proxy"],
        "baseline_proxy": result["baseline_proxy"],
        "outcome": {
            "k": int(result["outcome_metric"]["name"].removeprefix("pass@")),
            "samples": result["outcome_metric"]["samples"],
        },
        "evaluate_at": [point["step"] for point in result["candidates"][0]["along"]],
        "has_rl": has_rl,
        "proxies": [
            {
                "name": row["name"],
                "higher_is_better": row["direction"] == "higher",
                "trivial": row["trivial"],
                "reads_rl": row.get("reads_rl", 0),
            }
            for row in result["proxies"]
        ]
        or [_primary(result)],
    }


def measured_from(result: Mapping[str, Any], counts: Mapping[str, ByPhase], path: Path) -> list[Measured]:
    """Put counts and what a result recorded of each candidate together.

    Raises:
        DataError: the counts are not those the result was made from; the message says where they differ.
    """
    stray = sorted(set(counts).symmetric_difference(one["name"] for one in result["candidates"]))
    if stray:
        where = "has no" if stray[0] not in counts else "has a"
        raise DataError(
            f"{path}: {where} candidate {stray[0]!r}, unlike the result beside it; pair a result with its own counts"
        )
    return [_measured(row, result, counts[row["name"]], path) for row in result["candidates"]]


def _measured(row: Mapping[str, Any], result: Mapping[str, Any], counts: ByPhase, path: Path) -> Measured:
    where = f"{path}: candidate {row['name']!r}"
    pre = _phase(counts, "pre", result, where)
    steps = [point["step"] for point in row["along"]]
    one = Measured(
        name=row["name"],
        facts={name: row[name] for name in ("family", "kind", "details", "curation")},
        pre=pre,
        post=_phase(counts, "post", result, where) if row["outcome"] else None,
        along={step: _phase(counts, f"at{step}", result, where) for step in steps},
        readings={name: _reading(name, reading, pre, result["seeds"]) for name, reading in row["proxies"].items()},
        train_tokens=row["train_tokens"],
        examples=row["examples"],
        epochs=row["epochs"],
    )
    one.rl_steps = last_step(result)
    one.rl_tokens = {point["step"]: point["rl_tokens"] for point in [*row["along"], *result["along"][-1:]]}
    _compare(one, row, where)
    return one


def last_step(result: Mapping[str, Any]) -> int:
    """Return the RL steps made, as far as the result tells; 0 where it does not."""
    points = result["along"] or result.get("k_sweep") or [{"step": 0}]
    return int(points[-1]["step"])


def is_pass_at(label: str) -> int | None:
    """Return k of "pass@k", or None for another proxy."""
    found = re.fullmatch(r"pass@([1-9]\d*)", label)
    return int(found[1]) if found else None


def _primary(result: Mapping[str, Any]) -> dict[str, Any]:
    """Tell which way the primary proxy points where the result has no judgements: the pick has its highest, or lowest."""
    name, verdict = result["primary_proxy"], result["verdict"]
    values = [value for one in result["candidates"] if (value := one["proxies"].get(name, {}).get("value")) is not None]
    higher = not values or verdict.get("value") is None or verdict["value"] >= max(values)
    return {"name": name, "higher_is_better": higher, "trivial": False}


def _phase(counts: ByPhase, name: str, result: Mapping[str, Any], where: str) -> Phase:
    """Return one phase, complete."""
    by_seed = counts.get(name, {})
    wanted = [benchmark["name"] for benchmark in result["benchmarks"]]
    for seed in result["seeds"]:
        if seed not in by_seed:
            raise DataError(f"{where}: no counts of {name}, seed {seed}; pair a result with its own counts")
        found = [entry.benchmark for entry in by_seed[seed]]
        unmatched = sorted(set(wanted).symmetric_difference(found))
        if unmatched:
            which = f"{name}, seed {seed}: benchmark {unmatched[0]!r} is on one side only"
            raise DataError(f"{where}: {which}; pair a result with its own counts")
    return Phase(by_seed={seed: by_seed[seed] for seed in result["seeds"]})


def _reading(name: str, recorded: Mapping[str, Any], pre: Phase, seeds: Sequence[int]) -> Reading:
    """Work pass@k out again; take any other reading as recorded."""
    values = recorded.get("seeds") or {str(seed): recorded["value"] for seed in seeds}
    rows = {seed: {**recorded, "value": values.get(str(seed))} for seed in seeds}
    k = is_pass_at(name)
    if k is not None and k <= pre.num_samples:
        again = {seed: mean_pass_at_k(pre.by_seed[seed], k) for seed in seeds}
        if all(_near(estimate.value, rows[seed]["value"]) for seed, estimate in again.items()):
            rows = {s: {**rows[s], "value": e.value, "low": e.low, "high": e.high} for s, e in again.items()}
    return Reading(by_seed=rows)


def _compare(one: Measured, row: Mapping[str, Any], where: str) -> None:
    """Refuse counts whose pass@k is not what the result recorded."""
    wanted = [("pre", one.pre, name, estimate["value"]) for name, estimate in row["pre"].items()]
    if one.post:
        wanted += [("post", one.post, name, estimate["value"]) for name, estimate in row["post"].items()]
    for phase, counts, name, recorded in wanted:
        k = is_pass_at(name)
        again = mean_pass_at_k(counts.all, k).value if k and k <= counts.num_samples else None
        if not _near(again, recorded):
            raise DataError(
                f"{where}: {phase} {name} comes to {again if again is None else round(again, 6)} from counts and stands as "
                f"{recorded} in the result; pair a result with its own counts"
            )


def _near(a: float | None, b: float | None) -> bool:
    return a is b if a is None or b is None else abs(a - b) <= TOLERANCE


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
