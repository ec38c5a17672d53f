"""A cost estimate as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.plan.estimate import Cost, Estimate

_UNITS = ("", "k", "M", "G", "T", "P", "E")
_ROW = "{:<10}{:>8}{:>12}{:>10}{:>10}{:>12}{:>12}"


def estimate_lines(estimate: Estimate) -> Iterator[str]:
    """Yield a table by kind of step, disk, the longest run, and what the figures rest on."""
    from harness.plan.estimate import total

    expected, at_most = total(estimate.expected), total(estimate.at_most)
    more = "at least " if estimate.unknown else ""
    yield ""
    yield f"what is to do, on {estimate.gpu}: {more}{expected.gpu_hours:,.0f} GPU hours, at most {at_most.gpu_hours:,.0f}"
    yield _ROW.format("kind", "steps", "samples", "tokens", "at most", "GPU hours", "at most")
    for kind, cost in estimate.expected.items():
        yield _row(kind, cost, estimate.at_most[kind])
    yield _row("in all", expected, at_most)
    yield (
        f"disk      {size(expected.checkpoint_bytes)} of checkpoints, {size(expected.sample_bytes)} of samples before "
        f"compression (at most {size(at_most.sample_bytes)})"
    )
    run = estimate.longest
    if run:
        kept = f", {size(run.state_bytes)} of states on disk meanwhile" if run.state_bytes else ""
        yield f"longest   {run.title}: {run.hours:,.1f} h on {run.gpus} GPU{'' if run.gpus == 1 else 's'}{kept}"
    yield from _basis(estimate)
    for what in estimate.unknown:
        yield f"unknown   {what}: counted as nothing"


def short(number: float) -> str:
    """Write a number with three digits and a unit: 12.3M; 1,000 of a unit make the next."""
    power = 0
    while abs(number) >= 999.5 and power < len(_UNITS) - 1:
        number, power = number / 1000, power + 1
    digits = 0 if power == 0 or number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:.{digits}f}{_UNITS[power]}"


def size(number: float) -> str:
    """Write a number of bytes: 1.20 TB."""
    text = short(number)
    return f"{text[:-1]} {text[-1]}B" if text[-1].isalpha() else f"{text} B"


def _basis(estimate: Estimate) -> Iterator[str]:
    from harness.cards import PEAK_FLOPS

    facts, used = estimate.facts, estimate.facts.utilisation
    attention = f" and attention ({facts.layers} layers x {facts.width})" if facts.layers else ", attention not counted"
    peak = f"{PEAK_FLOPS[estimate.gpu] / 1e12:,.0f} TFLOP/s dense bf16"
    yield (
        f"by        {short(facts.parameters)} weights{attention}; {peak}, "
        f"used to {used.train:.0%} in training, {used.score:.0%} in scoring, {used.generate:.0%} in drawing"
    )
    lengths = (facts.prompt_tokens, facts.trace_tokens, facts.completion_tokens)
    prompt, trace, drawn = ("the limit" if length is None else f"{length:,}" for length in lengths)
    yield f"lengths   prompt {prompt}, worked response {trace}, completion {drawn} tokens on average; at most: their limits"


def _row(kind: str, expected: Cost, at_most: Cost) -> str:
    return _ROW.format(
        kind,
        expected.steps,
        short(expected.samples),
        short(expected.tokens),
        short(at_most.tokens),
        f"{expected.gpu_hours:,.0f}",
        f"{at_most.gpu_hours:,.0f}",
    )
