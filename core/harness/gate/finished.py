"""A gate on a finished study: the readings are those of its result.json, the counts those beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harness.errors import TooFewSamplesError, UserError, suggest
from harness.estimators import mean_pass_at_k
from harness.gate.fresh import read_all
from harness.gate.measured import Measured
from harness.values import ProxyValue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.gate.rules import Rule
    from harness.values import Counts


def measured_from_result(path: Path, rules: Sequence[Rule], *, candidate: str | None, base: str | None) -> Measured:
    """Read what the rules need of one candidate, as measured before RL.

    A pass@k that is not among the study's proxies is worked out from the counts beside the result.

    Args:
        path: a result.json.
        rules: to be judged.
        candidate: its name; None where there is only one.
        base: name of the candidate that `base` in a rule means; None: the one that is the base itself.

    Raises:
        DataError: the result or its counts cannot be used.
        UserError: no such candidate or proxy, or no base.
    """
    from harness.checkpoints import pre_counts
    from harness.result.recorded import counts_beside, read_result

    rows = {row["name"]: row for row in read_result(path)["candidates"]}
    place = counts_beside(path)
    counts = pre_counts(place) if place else {}
    own = _chosen(candidate, rows, path)
    other = _base(base, rows, path) if any(rule.is_against_base for rule in rules) else None
    return Measured(
        candidate=own,
        readings={rule.proxy: _reading(rule, rows[own], counts.get(own, ()), path) for rule in rules},
        counts=counts.get(own, ()),
        base=other,
        base_readings={
            rule.proxy: _reading(rule, rows[other], counts.get(other, ()), path)
            for rule in rules
            if other is not None and rule.is_against_base
        },
        base_counts=counts.get(other, ()) if other is not None else (),
    )


def _chosen(name: str | None, rows: Mapping[str, Any], path: Path) -> str:
    if name is None and len(rows) > 1:
        raise UserError(f"{path}: has {len(rows)} candidates; name one with --candidate: {', '.join(rows)}")
    if name is not None and name not in rows:
        raise UserError(f"--candidate {name}: {path} has no such candidate; {suggest(name, rows)}")
    return name or next(iter(rows))


def _base(name: str | None, rows: Mapping[str, Any], path: Path) -> str:
    if name is not None and name not in rows:
        raise UserError(f"--base {name}: {path} has no such candidate; {suggest(name, rows)}")
    found = name or next((who for who, row in rows.items() if row["kind"] == "base"), None)
    if found is None:
        raise UserError(f"{path}: no candidate is the base itself; say with --base which one the rules mean")
    return found


def _reading(rule: Rule, row: Mapping[str, Any], counts: Sequence[Counts], path: Path) -> ProxyValue:
    if rule.proxy in row["proxies"]:
        return read_all(row, {rule.proxy: rule.proxy})[rule.proxy]
    shorthand = re.fullmatch(r"pass@([1-9]\d{0,6})", rule.proxy)
    if shorthand and counts:
        try:
            found = mean_pass_at_k(counts, int(shorthand[1]))
        except TooFewSamplesError as error:
            raise UserError(f"--require {rule.text!r}: {error}") from None
        return ProxyValue(value=found.value, low=found.low, high=found.high, reason=found.reason)
    raise UserError(f"--require {rule.text!r}: {path} has no proxy {rule.proxy!r}; {suggest(rule.proxy, row['proxies'])}")
