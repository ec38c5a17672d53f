"""Whether each rule holds: by the point estimates, or with `confident` at the interval's end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.estimators import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.gate.measured import Measured
    from harness.gate.rules import Rule

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one rule."""

    rule: Rule
    value: float | None
    """The checkpoint's reading."""
    threshold: float | None
    """What it is compared with; None where that is undefined."""
    holds: bool
    """The decision."""
    is_undefined: bool
    """Whether something that the rule compares is undefined, so that `holds` is what the user asked for in that case."""
    reason: str | None
    """Why it is undefined, or why there is no interval."""
    interval: Estimate | None
    """Of the value; against the base, of the paired difference to it."""
    holds_at_end: bool | None
    """Whether it would hold at the interval's worse end; None without an interval."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        interval = None
        if self.interval is not None:
            of = "difference to base" if self.rule.is_against_base else "value"
            interval = {"of": of, **self.interval.to_json()}
        return {
            "rule": self.rule.text,
            "proxy": self.rule.proxy,
            "value": self.value,
            "threshold": self.threshold,
            "holds": self.holds,
            "undefined": self.is_undefined,
            "reason": self.reason,
            "interval": interval,
            "holds_at_end": self.holds_at_end,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The decision."""

    candidate: str
    base: str | None
    is_confident: bool
    verdicts: tuple[Verdict, ...]

    @property
    def is_passed(self) -> bool:
        """Whether every rule holds."""
        return all(verdict.holds for verdict in self.verdicts)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            "schema_version": SCHEMA_VERSION,
            "candidate": self.candidate,
            "base": self.base,
            "passed": self.is_passed,
            "confident": self.is_confident,
            "rules": [verdict.to_json() for verdict in self.verdicts],
        }


def judge_rules(rules: Sequence[Rule], measured: Measured, *, is_confident: bool, passes_undefined: bool) -> Gate:
    """Judge every rule.

    Args:
        rules: at least one; those against the base need `measured.base_readings`.
        measured: of the checkpoint.
        is_confident: demand that a rule holds at the worse end of the 95 % interval too (the lower one for >= and >): by
            chance alone a checkpoint just at the threshold then passes at most about once in 40 times.
        passes_undefined: what a rule counts as whose value or threshold is undefined.
    """
    verdicts = tuple(_judge(rule, measured, is_confident, passes_undefined) for rule in rules)
    return Gate(candidate=measured.candidate, base=measured.base, is_confident=is_confident, verdicts=verdicts)


def _judge(rule: Rule, measured: Measured, is_confident: bool, passes_undefined: bool) -> Verdict:
    own = measured.readings[rule.proxy]
    base = measured.base_readings[rule.proxy] if rule.is_against_base else None
    threshold = rule.number
    reason = own.reason if own.value is None else None
    if base is not None:
        threshold = (base.value or 0.0) + rule.number
        if reason is None and base.value is None:
            reason = f"of the base: {base.reason}"
    if own.value is None or reason is not None:
        return Verdict(
            rule=rule,
            value=own.value,
            threshold=None if base is not None and base.value is None else threshold,
            holds=passes_undefined,
            is_undefined=True,
            reason=reason or "undefined",
            interval=None,
            holds_at_end=None,
        )
    found = measured.difference(rule.proxy) if base is not None else Estimate(value=own.value, low=own.low, high=own.high)
    end = found.low if rule.wants_more else found.high
    at_end = None if end is None else rule.holds(end, rule.number)
    why = found.reason or own.reason or f"no interval is known for {rule.proxy}"
    return Verdict(
        rule=rule,
        value=own.value,
        threshold=threshold,
        holds=bool(at_end) if is_confident else rule.holds(own.value, threshold),
        is_undefined=False,
        reason=why if end is None else None,
        interval=None if end is None else found,
        holds_at_end=at_end,
    )
