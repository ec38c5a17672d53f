"""Small tables from the studies' results: one row a study, a candidate, a reading, a proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.result.recorded import is_pass_at, read_result
from harness.store import Ref, Store, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

COLUMNS: dict[str, dict[str, str]] = {
    "studies": {
        "study": "VARCHAR",
        "folder": "VARCHAR",
        "finished": "BOOLEAN",
        "recipe_digest": "VARCHAR",
        "num_candidates": "BIGINT",
        "num_seeds": "BIGINT",
        "primary_proxy": "VARCHAR",
        "pick": "VARCHAR",
        "probability_best": "DOUBLE",
        "best": "VARCHAR",
        "regret": "DOUBLE",
        "rl_gain": "DOUBLE",
        "noise_ceiling": "DOUBLE",
        "seconds": "DOUBLE",
        "tokens": "BIGINT",
        "gpu_hours": "DOUBLE",
        "numbers_digest": "VARCHAR",
    },
    "candidates": {
        "study": "VARCHAR",
        "folder": "VARCHAR",
        "candidate": "VARCHAR",
        "family": "VARCHAR",
        "kind": "VARCHAR",
        "examples": "BIGINT",
        "epochs": "BIGINT",
        "train_tokens": "DOUBLE",
        "outcome": "DOUBLE",
        "outcome_low": "DOUBLE",
        "outcome_high": "DOUBLE",
        "outcome_seed_sd": "DOUBLE",
        "gain": "DOUBLE",
        "gain_low": "DOUBLE",
        "gain_high": "DOUBLE",
    },
    "pass_at": {
        "study": "VARCHAR",
        "folder": "VARCHAR",
        "candidate": "VARCHAR",
        "phase": "VARCHAR",
        "k": "BIGINT",
        "value": "DOUBLE",
        "low": "DOUBLE",
        "high": "DOUBLE",
    },
    "readings": {
        "study": "VARCHAR",
        "folder": "VARCHAR",
        "candidate": "VARCHAR",
        "proxy": "VARCHAR",
        "value": "DOUBLE",
        "low": "DOUBLE",
        "high": "DOUBLE",
        "reason": "VARCHAR",
    },
    "proxies": {
        "study": "VARCHAR",
        "folder": "VARCHAR",
        "proxy": "VARCHAR",
        "direction": "VARCHAR",
        "trivial": "BOOLEAN",
        "step": "BIGINT",
        "is_end": "BOOLEAN",
        "n": "BIGINT",
        "spearman": "DOUBLE",
        "spearman_low": "DOUBLE",
        "spearman_high": "DOUBLE",
        "r2": "DOUBLE",
        "decision_accuracy": "DOUBLE",
        "top1_regret": "DOUBLE",
        "verdict": "VARCHAR",
        "seconds": "DOUBLE",
        "tokens": "BIGINT",
    },
    "graded": {
        "study": "VARCHAR",
        "folder": "VARCHAR",
        "candidate": "VARCHAR",
        "phase": "VARCHAR",
        "seed": "BIGINT",
        "benchmark": "VARCHAR",
        "grade": "VARCHAR",
    },
    "sampled": {"grade": "VARCHAR", "sample": "VARCHAR"},
}
"""By table: columns and their DuckDB types, in order. `graded` and `sampled` say which artifact is whose."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A study that has ended."""

    folder: Path
    result: Mapping[str, Any]

    @property
    def head(self) -> Row:
        """What every row of it begins with."""
        return {"study": self.result["study"], "folder": self.folder.name}


def rows_of(store: Path) -> dict[str, list[Row]]:
    """Read the small tables of a store; a damaged result is left out, its study said not to be finished."""
    found: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    for plan in sorted((store / "studies").glob("*/plan.json")):
        one = _finished(plan.parent)
        if one is None:
            found["studies"].append({"study": str(read_json(plan)["study"]), "folder": plan.parent.name, "finished": False})
            continue
        found["studies"].append(_study(one))
        found["candidates"] += _candidates(one)
        found["pass_at"] += _pass_at(one)
        found["readings"] += _readings(one)
        found["proxies"] += _proxies(one)
        _artifacts(one, Store(store), found)
    return found


def _finished(folder: Path) -> Finished | None:
    try:
        return Finished(folder=folder, result=read_result(folder / "result.json"))
    except UserError:
        return None


def _study(one: Finished) -> Row:
    result, verdict, cost = one.result, one.result["verdict"], one.result["cost"]
    return {
        **one.head,
        "finished": True,
        "num_candidates": len(result["candidates"]),
        "num_seeds": len(result["seeds"]),
        **{name: result[name] for name in ("recipe_digest", "primary_proxy", "numbers_digest")},
        **{name: verdict.get(name) for name in ("pick", "probability_best", "best", "regret")},
        **{name: _value(result[name]) for name in ("rl_gain", "noise_ceiling")},
        **{name: cost.get(name) for name in ("seconds", "tokens", "gpu_hours")},
    }


def _candidates(one: Finished) -> Iterator[Row]:
    for row in one.result["candidates"]:
        outcome, gain = row["outcome"] or {}, row["gain"] or {}
        yield {
            **one.head,
            "candidate": row["name"],
            **{name: row[name] for name in ("family", "kind", "examples", "epochs", "train_tokens")},
            "outcome": outcome.get("value"),
            "outcome_low": outcome.get("low"),
            "outcome_high": outcome.get("high"),
            "outcome_seed_sd": outcome.get("seed_sd"),
            "gain": gain.get("value"),
            "gain_low": gain.get("low"),
            "gain_high": gain.get("high"),
        }


def _pass_at(one: Finished) -> Iterator[Row]:
    for row in one.result["candidates"]:
        for phase in ("pre", "post"):
            for label, estimate in (row[phase] or {}).items():
                numbers = {name: estimate.get(name) for name in ("value", "low", "high")}
                yield {**one.head, "candidate": row["name"], "phase": phase, "k": is_pass_at(label), **numbers}


def _readings(one: Finished) -> Iterator[Row]:
    for row in one.result["candidates"]:
        for proxy, reading in row["proxies"].items():
            numbers = {name: reading[name] for name in ("value", "low", "high", "reason")}
            yield {**one.head, "candidate": row["name"], "proxy": proxy, **numbers}


def _proxies(one: Finished) -> Iterator[Row]:
    """Yield a row for each proxy and amount of RL; what is only known at the end is null before it."""
    along = one.result["along"]
    end = {row["name"]: row for row in one.result["proxies"]}
    last = along[-1]["step"] if along else None
    points = [(point["step"], row) for point in along for row in point["proxies"]]
    for step, row in points or [(None, row) for row in end.values()]:
        is_end = step == last
        whole = end.get(row["name"], {}) if is_end else {}
        cost = whole.get("cost") or {}
        yield {
            **one.head,
            "proxy": row["name"],
            "direction": row["direction"],
            "trivial": row["trivial"],
            "step": step,
            "is_end": is_end,
            "n": row["n"],
            "spearman": _value(row["spearman"]),
            "spearman_low": row["spearman"]["low"],
            "spearman_high": row["spearman"]["high"],
            "r2": _value(row["r2"]),
            "decision_accuracy": _value(row["decision_accuracy"]),
            "top1_regret": _value(whole.get("top1_regret")),
            "verdict": whole.get("verdict"),
            "seconds": cost.get("seconds"),
            "tokens": cost.get("tokens"),
        }


def _artifacts(one: Finished, store: Store, found: dict[str, list[Row]]) -> None:
    """Note which grades, and of which samples, a study was made from, as far as the store still has them."""
    steps = read_json(one.folder / "plan.json")["steps"]
    last = Ref(steps[-1]["kind"], steps[-1]["key"])
    if not store.has(last):
        return
    names = [row["name"] for row in one.result["candidates"]]
    benchmarks = [row["name"] for row in one.result["benchmarks"]]
    known = {row["grade"] for row in found["sampled"]}
    for role, text in store.manifest(last)["inputs"].items():
        ref, parts = Ref.parse(text), role.split("/")
        if ref.kind != "grade" or len(parts) != 4 or not parts[1].isdecimal() or not store.has(ref):
            continue
        phase, candidate, seed, benchmark = parts[0], names[int(parts[1])], int(parts[2]), benchmarks[int(parts[3])]
        head = {**one.head, "candidate": candidate, "phase": phase, "seed": seed, "benchmark": benchmark}
        found["graded"].append({**head, "grade": ref.key})
        if ref.key not in known:
            known.add(ref.key)
            inputs = (Ref.parse(text) for text in store.manifest(ref)["inputs"].values())
            found["sampled"] += [{"grade": ref.key, "sample": one.key} for one in inputs if one.kind == "sample"]


def _value(estimate: Mapping[str, Any] | None) -> float | None:
    return None if estimate is None else estimate.get("value")
