"""The verdict: what to take to RL, how sure that is, and what must be known before believing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document.blocks import Fact, Facts, Section, Text
from harness.report.figures import bounds, clock, count, number, signed, with_interval
from harness.report.shape import list_of, mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def verdict_section(result: Mapping[str, Any]) -> Section:
    """Return the sentence, the figures that stand out, and the warnings."""
    sentence = text_of(mapping_of(result.get("verdict")).get("sentence")) or "No candidate is picked."
    notes = tuple(Text(text=text_of(line), role="note") for line in list_of(result.get("warnings")))
    lead = Text(text=_sentence(sentence), role="lead")
    return Section(id="verdict", title="Verdict", blocks=(lead, Facts(facts=tuple(_facts(result))), *notes))


def _facts(result: Mapping[str, Any]) -> Iterator[Fact]:
    verdict = mapping_of(result.get("verdict"))
    metric = text_of(mapping_of(result.get("outcome_metric")).get("name"))
    by = text_of(verdict.get("by") or result.get("primary_proxy"))
    sure = verdict.get("probability_best")
    if sure is not None:
        yield Fact(label=f"chance that its {by} is the best", figure=f"{number(sure)}", note="over problems")
    picked = next((c for c in rows_of(result.get("candidates")) if c.get("name") == verdict.get("pick")), {})
    outcome = bounds(picked.get("outcome"))
    if outcome.value is not None:
        yield Fact(label=f"the pick's {metric} after RL", figure=number(outcome), note=_interval(with_interval(outcome)))
        note = f"best: {text_of(verdict.get('best'))}"
        yield Fact(label="lost against the best after RL", figure=number(verdict.get("regret")), note=note)
    gain = bounds(result.get("rl_gain"))
    if gain.value is not None:
        interval = f"[{signed(gain.low)}, {signed(gain.high)}]" if gain.low is not None else ""
        yield Fact(label="RL gained, mean of candidates", figure=signed(gain.value), note=interval)
    seeds, benchmarks = (len(list_of(result.get(key))) for key in ("seeds", "benchmarks"))
    size = f"{seeds} {'seed' if seeds == 1 else 'seeds'}, {benchmarks} {'benchmark' if benchmarks == 1 else 'benchmarks'}"
    yield Fact(label="candidates", figure=count(len(rows_of(result.get("candidates")))), note=size)
    cost = mapping_of(result.get("cost"))
    if bounds(cost.get("seconds")).value is not None:
        yield Fact(label="compute", figure=clock(cost.get("seconds")), note=f"{count(cost.get('tokens'))} tokens")


def _interval(text: str) -> str:
    return text.partition(" ")[2]


def _sentence(text: str) -> str:
    """Begin a sentence of the terminal's with a capital and end it with a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else text
