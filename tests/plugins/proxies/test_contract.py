"""Every offered proxy on random evidence: a finite value or a reason, an interval around the value, and never an error."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import TypeAdapter

import harness_plugins.proxies as package
from harness import Counts, Evidence, LossTable, Proxy, SampleTable, TrainingFacts
from harness.values import Drift

OFFERS: list[Proxy] = [offer for name in package.__all__ for offer in getattr(package, name).harness_proxies()]
RATES = ("none right", "all right", "all or nothing", "one rate", "mixed", "rare")
CONFIDENCES = ("one value", "two values", "spread", "tiny spread", "impossible")
LOSSES = ("zero", "one value", "spread", "not finite", "no traces", "not scored")
RUNS = ("short", "constant", "noise", "gaps", "not finite", "learning")
ROUNDING = 1e-9


@st.composite
def shapes(draw: st.DrawFn) -> dict[str, Any]:
    """What the evidence looks like; the numbers follow from `seed`."""
    return {
        "seed": draw(st.integers(0, 2**32 - 1)),
        "problems": draw(st.lists(st.integers(1, 7), min_size=1, max_size=3)),
        "extra": draw(st.integers(0, 5)),
        "rates": draw(st.lists(st.sampled_from(RATES), min_size=3, max_size=3)),
        "confidence": draw(st.sampled_from(CONFIDENCES)),
        "losses": draw(st.sampled_from(LOSSES)),
        "traces": draw(st.integers(1, 5)),
        "run": draw(st.sampled_from(RUNS)),
        "peers": draw(st.integers(1, 4)),
        "answers": draw(st.integers(0, 3)),
        "small": draw(st.integers(2, 4)),
    }


def params_of(offer: Proxy, shape: dict[str, Any]) -> Any:
    """Small settings, so that small evidence suffices: every count small, every choice at random."""
    schema = TypeAdapter(offer.params).json_schema().get("properties", {})
    rng = np.random.default_rng(shape["seed"])
    given_: dict[str, Any] = {}
    for field in fields(offer.params):
        kind = schema.get(field.name, {})
        if "enum" in kind:
            given_[field.name] = kind["enum"][rng.integers(len(kind["enum"]))]
        elif kind.get("type") == "integer":
            given_[field.name] = max(kind.get("minimum", 1), shape["small"])
    if "window" in given_:
        given_["steps"] = max(given_["steps"], 2 * given_["window"])
    return TypeAdapter(offer.params).validate_python(given_)


def rates_of(kind: str, problems: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return {
        "none right": np.zeros(problems),
        "all right": np.ones(problems),
        "all or nothing": rng.integers(0, 2, problems).astype(float),
        "one rate": np.full(problems, rng.random()),
        "mixed": rng.random(problems),
        "rare": rng.beta(0.1, 2, problems),
    }[kind]


def logprob_of(kind: str, tokens: NDArray[np.int64], correct: NDArray[np.bool_], rng: np.random.Generator) -> Any:
    each = {
        "one value": np.full(len(tokens), -0.3),
        "two values": np.where(correct, -0.1, -0.7),
        "spread": -rng.gamma(2, 0.2, len(tokens)),
        "tiny spread": -0.3 - 1e-13 * rng.random(len(tokens)),
        "impossible": np.where(rng.random(len(tokens)) < 0.3, -np.inf, -0.2),
    }[kind]
    return np.where(tokens > 0, each * np.maximum(tokens, 1), 0.0)


def sampled(shape: dict[str, Any], at: int, least: int, rng: np.random.Generator) -> tuple[Counts, SampleTable]:
    """One benchmark's samples, and their counts."""
    problems = shape["problems"][at]
    samples = least + rng.integers(0, shape["extra"] + 1, problems)
    owner = np.repeat(np.arange(problems), samples)
    correct = rng.random(len(owner)) < rates_of(shape["rates"][at], problems, rng)[owner]
    wrong = rng.integers(-1, shape["answers"] + 1, len(owner))
    answer = np.where(correct, 9, np.where(wrong < 0, -1, wrong))
    tokens = rng.integers(0, 6, len(owner)) * (rng.random() < 0.9)
    ids = tuple(f"p{i}" for i in range(problems))
    distinct = [len(set(answer[(owner == i) & (answer >= 0)].tolist())) for i in range(problems)]
    counts = Counts(
        benchmark=f"b{at}",
        problem_ids=ids,
        num_samples=samples,
        num_correct=np.bincount(owner, weights=correct, minlength=problems).astype(np.int64),
        num_distinct=np.array(distinct),
    )
    table = SampleTable(
        benchmark=f"b{at}",
        problem_ids=np.array(ids)[owner],
        index=np.concatenate([rng.permutation(n) for n in samples]),
        correct=correct,
        num_tokens=tokens,
        truncated=np.zeros(len(owner), dtype=bool),
        logprob=logprob_of(shape["confidence"], tokens, correct, rng),
        entropy=rng.gamma(1, 0.2, len(owner)),
        answer=answer if shape["answers"] else None,
    )
    return counts, table


def losses_of(shape: dict[str, Any], tokens: NDArray[np.int64], rng: np.random.Generator) -> LossTable | None:
    kind, traces = shape["losses"], 0 if shape["losses"] == "no traces" else len(tokens)
    if kind == "not scored":
        return None
    nll = {"zero": np.zeros(traces), "one value": 0.5 * tokens[:traces]}.get(kind, tokens[:traces] * rng.gamma(1, 1, traces))
    if kind == "not finite":
        nll = np.where(rng.random(traces) < 0.5, np.nan, nll)
    return LossTable(
        trace_ids=tuple(f"t{i}" for i in range(traces)),
        num_tokens=tokens[:traces],
        nll=nll,
        entropy=nll / 2,
        rank=tokens[:traces] * (1.0 + rng.integers(0, 100, traces)),
    )


def metrics_of(shape: dict[str, Any], steps: int, rng: np.random.Generator) -> tuple[dict[str, float], ...]:
    kind = shape["run"]
    if kind == "short":
        return ()
    reward = {"constant": np.full(steps, 0.4), "learning": 0.8 - 0.6 * 0.9 ** np.arange(steps)}.get(kind, rng.random(steps))
    if kind == "not finite":
        reward = np.where(rng.random(steps) < 0.3, np.nan, reward)
    rows: list[dict[str, float]] = []
    for i in range(steps):
        row = {"step": float(i), "reward": float(reward[i]), "tokens": 100.0 * (i + 1), "entropy": float(1 - reward[i] / 2)}
        if i % 3 == 0:
            row["monitor_accuracy"] = float(reward[i])
        rows.append({} if kind == "gaps" and rng.random() < 0.7 else row)
    return tuple(rows)


def evidence_of(shape: dict[str, Any], offer: Proxy, params: Any) -> Evidence:
    """A candidate with its base and its peers, all measured on the same problems and traces."""
    rng = np.random.default_rng(shape["seed"])
    trace_tokens = rng.integers(1, 9, shape["traces"])

    def one(name: str, position: int) -> Evidence:
        benchmarks = [sampled(shape, at, offer.min_samples(params), rng) for at in range(len(shape["problems"]))]
        own, fixed = losses_of(shape, trace_tokens, rng), losses_of(shape, trace_tokens, rng)
        return Evidence(
            candidate=name,
            seed=1,
            counts=tuple(counts for counts, _ in benchmarks),
            samples=tuple(table for _, table in benchmarks),
            own_loss=own,
            fixed_loss=fixed,
            drift=Drift(
                trace_ids=fixed.trace_ids if fixed else (),
                num_tokens=fixed.num_tokens if fixed else trace_tokens[:0],
                kl=fixed.nll if fixed else np.zeros(0),
                parameter_distance=None if shape["run"] == "short" else float(rng.random()),
                distance_reason="other shapes" if shape["run"] == "short" else None,
            ),
            training=TrainingFacts(
                tokens=int(rng.integers(0, 99)),
                final_loss=None if shape["run"] == "short" else float(rng.random()),
                position=position,
                rl_metrics=metrics_of(shape, offer.min_rl_steps(params), rng),
            ),
            run=f"run {position % 2}",
        )

    peers = [one(f"c{i}", i) for i in range(shape["peers"])]
    return replace(peers[0], base=one("base", -1), peers=tuple(peers))


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.name)
@settings(max_examples=60)
@given(shape=shapes())
def test_proxy_reads_a_finite_value_or_a_reason_on_any_evidence(offer: Proxy, shape: dict[str, Any]) -> None:
    params = params_of(offer, shape)
    value = offer.load()(evidence_of(shape, offer, params), params)
    if value.value is None:
        assert value.reason and value.low is None and value.high is None
        return
    assert type(value.value) is float and math.isfinite(value.value)
    assert (value.low is None) == (value.high is None)
    if value.low is not None and value.high is not None:
        assert type(value.low) is float and type(value.high) is float
        assert math.isfinite(value.low) and math.isfinite(value.high)
        assert value.low <= value.value + ROUNDING and value.value <= value.high + ROUNDING


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.name)
def test_proxy_gives_a_reason_when_nothing_was_measured(offer: Proxy) -> None:
    schema = TypeAdapter(offer.params).json_schema()
    params = TypeAdapter(offer.params).validate_python(dict.fromkeys(schema.get("required", ()), 2))
    value = offer.load()(Evidence(candidate="a", seed=0), params)
    assert offer.needs(params) == frozenset() or (value.value is None and value.reason)


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.name)
def test_proxy_is_defined_on_ordinary_evidence_with_no_more_samples_than_it_asks_for(offer: Proxy) -> None:
    shape = {
        "seed": 5,
        "problems": [7, 7],
        "extra": 0,
        "rates": ["mixed"] * 3,
        "confidence": "spread",
        "losses": "spread",
        "traces": 5,
        "run": "learning",
        "peers": 4,
        "answers": 3,
        "small": 4,
    }
    defaults = TypeAdapter(offer.params).validate_python(
        dict.fromkeys(TypeAdapter(offer.params).json_schema().get("required", ()), 4)
    )
    value = offer.load()(evidence_of(shape, offer, defaults), defaults)
    assert value.value is not None, value.reason
