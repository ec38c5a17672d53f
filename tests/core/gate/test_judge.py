"""Judging rules on evidence made by hand, with the intervals of the estimators as the reference."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from harness.gate import Gate, Measured, judge_rules, parse_rule
from harness.gate.measured import LossPair
from harness.values import Counts, LossTable, ProxyValue

RNG = np.random.default_rng(7)
PROBLEMS = 40


def counts(p: float) -> tuple[Counts, ...]:
    chance = np.clip(np.linspace(0.0, 1.0, PROBLEMS) * 0.5 + p - 0.25, 0, 1)
    right = RNG.binomial(16, chance)
    ids = tuple(f"q{i}" for i in range(PROBLEMS))
    return (Counts(benchmark="b", problem_ids=ids, num_samples=np.full(PROBLEMS, 16), num_correct=right),)


def losses(shift: float, tokens: int = 5) -> LossTable:
    nll = np.linspace(1.0, 3.0, 20) + shift + RNG.normal(0, 0.1, 20)
    return LossTable(
        trace_ids=tuple(f"t{i}" for i in range(20)),
        num_tokens=np.full(20, tokens),
        nll=nll,
        entropy=np.zeros(20),
        rank=np.ones(20),
    )


OWN, BASE = counts(0.5), counts(0.42)
NOTHING = ProxyValue(value=None, reason="nothing gained")


def share(entries: tuple[Counts, ...]) -> float:
    return float((entries[0].num_correct / entries[0].num_samples).mean())


def measured(**readings: ProxyValue) -> Measured:
    named = {name.replace("_", "-"): reading for name, reading in readings.items()}
    return Measured(
        candidate="own",
        readings={"pass@1": ProxyValue(value=share(OWN), low=0.4, high=0.6), **named},
        counts=OWN,
        base="base",
        base_readings={"pass@1": ProxyValue(value=share(BASE)), **named},
        base_counts=BASE,
    )


def judge(rule: str, evidence: Measured, *, is_confident: bool = False, passes_undefined: bool = False) -> Gate:
    return judge_rules([parse_rule(rule)], evidence, is_confident=is_confident, passes_undefined=passes_undefined)


def test_rule_against_the_base_has_the_paired_interval() -> None:
    (verdict,) = judge("pass@1 >= base", measured()).verdicts
    own, base = (entries[0].num_correct / 16 for entries in (OWN, BASE))
    expected = ttest_rel(own, base).confidence_interval(0.95)
    assert verdict.interval is not None
    assert (verdict.interval.low, verdict.interval.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert verdict.value == share(OWN) and verdict.threshold == share(BASE)
    assert verdict.holds and verdict.holds_at_end is bool(expected.low >= 0)


def test_confident_demands_the_worse_end() -> None:
    evidence = measured()
    (plain,) = judge("pass@1 >= base", evidence).verdicts
    assert plain.interval is not None and plain.interval.low is not None and plain.interval.high is not None
    inside = (plain.interval.low + (plain.value or 0) - (plain.threshold or 0)) / 2
    rule = f"pass@1 >= base {'+' if inside >= 0 else '-'} {abs(inside)}"
    assert judge(rule, evidence).is_passed
    assert not judge(rule, evidence, is_confident=True).is_passed
    assert judge(f"pass@1 >= base - {abs(plain.interval.low) + 0.01}", evidence, is_confident=True).is_passed
    assert not judge(f"pass@1 <= base + {plain.interval.high - 0.01}", evidence, is_confident=True).is_passed
    assert judge(f"pass@1 <= base + {plain.interval.high + 0.01}", evidence, is_confident=True).is_passed


def test_number_is_compared_with_the_values_own_interval() -> None:
    (verdict,) = judge("pass@1 >= 0.45", measured()).verdicts
    assert verdict.holds and verdict.holds_at_end is False
    (verdict,) = judge("pass@1 < 0.7", measured()).verdicts
    assert verdict.holds and verdict.holds_at_end is True


def test_tie_keeps_at_least_and_breaks_more_than() -> None:
    same = Measured(
        candidate="own",
        readings={"pass@1": ProxyValue(value=share(OWN))},
        counts=OWN,
        base="base",
        base_readings={"pass@1": ProxyValue(value=share(OWN))},
        base_counts=OWN,
    )
    held = {op: judge(f"pass@1 {op} base", same).is_passed for op in (">=", ">", "<=", "<")}
    assert held == {">=": True, ">": False, "<=": True, "<": False}


@pytest.mark.parametrize("passes", [True, False])
def test_undefined_value_counts_as_the_user_says(passes: bool) -> None:
    (verdict,) = judge("coverage-ratio <= 1", measured(coverage_ratio=NOTHING), passes_undefined=passes).verdicts
    assert (verdict.holds, verdict.is_undefined, verdict.reason) == (passes, True, "nothing gained")
    shown = verdict.to_json()
    assert (shown["undefined"], shown["value"], shown["threshold"]) == (True, None, 1.0)


def test_undefined_base_is_told_as_the_bases() -> None:
    evidence = measured()
    evidence = Measured(
        candidate="own", readings=evidence.readings, base="base", base_readings={"pass@1": NOTHING}, counts=OWN
    )
    (verdict,) = judge("pass@1 >= base", evidence).verdicts
    assert (verdict.holds, verdict.is_undefined, verdict.threshold) == (False, True, None)
    assert verdict.reason == "of the base: nothing gained"


def test_proxy_without_a_paired_interval_cannot_be_confident() -> None:
    evidence = measured(token_entropy=ProxyValue(value=0.5, low=0.4, high=0.6))
    (plain,) = judge("token-entropy >= base", evidence).verdicts
    assert plain.holds and plain.interval is None and "no paired interval" in str(plain.reason)
    assert not judge("token-entropy >= base", evidence, is_confident=True).is_passed
    assert not judge("token-entropy >= base", evidence, is_confident=True, passes_undefined=True).is_passed


def loss_evidence(own: LossTable, base: LossTable) -> Measured:
    def reading(table: LossTable) -> ProxyValue:
        return ProxyValue(value=float(table.nll.sum() / table.num_tokens.sum()))

    return Measured(
        candidate="own",
        readings={"loss": reading(own)},
        base="base",
        base_readings={"loss": reading(base)},
        losses={"loss": LossPair(own=own, base=base)},
    )


def test_losses_are_paired_by_trace() -> None:
    own, base = losses(-0.2), losses(0.0)
    (verdict,) = judge("loss < base", loss_evidence(own, base)).verdicts
    expected = ttest_rel(own.nll / 5, base.nll / 5).confidence_interval(0.95)
    assert verdict.interval is not None
    assert (verdict.interval.low, verdict.interval.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert verdict.holds_at_end is True


def test_losses_of_different_tokenizers_have_no_paired_interval() -> None:
    (verdict,) = judge("loss < base", loss_evidence(losses(-0.2), losses(0.0, tokens=4))).verdicts
    assert verdict.interval is None and "tokenizers" in str(verdict.reason)
