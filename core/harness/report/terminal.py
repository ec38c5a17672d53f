"""A study's result on a terminal: candidates, proxies, the pick, and what it cost."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from harness.report.figures import Bounds, bounds, count, largest_pass_at, number, signed, with_interval
from harness.report.findings import findings, front_of, k_sweep_table
from harness.report.plain import cost_text, plain_table
from harness.report.shape import list_of, mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

SHORT = {
    "not distinguishable from baseline": "no clear difference",
    "better than baseline": "better",
    "worse than baseline": "worse",
}
"""Verdicts as a table shows them, under a heading that names the baseline."""


def print_result(result: Mapping[str, Any], console: Console, path: Path | None = None) -> None:
    """Print a result for people; parts that a result lacks are left out.

    Args:
        result: the content of result.json (schema version 1).
        console: from `open_console`.
        path: where result.json lies, for the last line.
    """
    for title, table in _blocks(result):
        console.print(title, style="bold", soft_wrap=True)
        console.print(table)
        console.print()
    for line in _closing(result, path):
        for part in wrap(line, console.width, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False):
            console.print(part, soft_wrap=True)


def _blocks(result: Mapping[str, Any]) -> Iterator[tuple[str, Table]]:
    candidates = rows_of(result.get("candidates"))
    if candidates:
        yield _candidates(result, candidates)
    proxies = rows_of(result.get("proxies"))
    if proxies:
        yield _proxies(proxies, front_of(result))
    along = rows_of(result.get("along"))
    if along:
        yield _along(along)
    if sweep := k_sweep_table(result):
        yield sweep


def _candidates(result: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> tuple[str, Table]:
    """One row a candidate, best outcome first; the pick is marked."""
    pick = _verdict(result).get("pick")
    seeds = len(list_of(result.get("seeds")))
    title = f"Candidates (95 % intervals{f', {seeds} seeds' if seeds > 1 else ''}; > marks the pick)"
    widest, loss = largest_pass_at(candidates), _loss_label(candidates)
    has_outcome = any(bounds(c.get("outcome")).value is not None for c in candidates)
    metric = text_of(mapping_of(result.get("outcome_metric")).get("name") or "pass@1")
    headings = ["", "candidate", "SFT tokens", "pass@1", *([widest] if widest else []), *([_short(loss)] if loss else [])]
    table = plain_table([*headings, *([f"{metric} after RL", "gain"] if has_outcome else [])], left=2)
    for row in sorted(candidates, key=_by_outcome):
        pre = mapping_of(row.get("pre"))
        cells = [">" if row.get("name") == pick else "", text_of(row.get("name")), count(row.get("train_tokens"))]
        cells.append(number(pre.get("pass@1")))
        cells += [number(pre.get(widest))] if widest else []
        cells += [number(mapping_of(row.get("proxies")).get(loss))] if loss else []
        cells += [with_interval(bounds(row.get("outcome"))), signed(_gain(row))] if has_outcome else []
        table.add_row(*cells, style="bold" if row.get("name") == pick else None)
    return title, table


def _proxies(proxies: Sequence[Mapping[str, Any]], front: Collection[str]) -> tuple[str, Table]:
    """One row a proxy: how well it foretold the outcome. Trivial baselines are dimmed and stand last.

    A star marks those that no other beats in quality without costing more, and no other undercuts without being worse.
    """
    n = max(round(bounds(p.get("n")).value or 0) for p in proxies)
    table = plain_table(["proxy", "Spearman", "R2", "decisions", "regret", "against baseline"], left=1, last_is_text=True)
    for row in sorted(proxies, key=_by_strength):
        measures = [number(row.get(m)) for m in ("r2", "decision_accuracy", "top1_regret")]
        verdict = SHORT.get(str(row.get("verdict")), text_of(row.get("verdict")))
        verdict = f"{verdict} (trivial)".strip() if row.get("trivial") and "trivial" not in verdict else verdict
        style = "dim" if row.get("trivial") else None
        name = text_of(row.get("name")) + (" *" if str(row.get("name")) in front else "")
        table.add_row(name, with_interval(bounds(row.get("spearman"))), *measures, verdict, style=style)
    return (
        f"Proxies: how well each, measured before RL, foretold the outcome of {n} candidates (95 % intervals)",
        table,
    )


def _along(along: Sequence[Mapping[str, Any]]) -> tuple[str, Table]:
    """Spearman of each proxy with the outcome at several amounts of RL: one row a proxy, one column an amount."""
    names = list(dict.fromkeys(str(p.get("name")) for point in along for p in rows_of(point.get("proxies"))))
    table = plain_table(["proxy", *(f"step {point.get('step', '?')}" for point in along)], left=1)
    for name in names:
        found = [next((p for p in rows_of(a.get("proxies")) if str(p.get("name")) == name), {}) for a in along]
        style = "dim" if any(p.get("trivial") for p in found) else None
        table.add_row(text_of(name), *(_unless_circular(p) for p in found), style=style)
    return "Spearman with the outcome after so many RL steps", table


def _unless_circular(point: Mapping[str, Any]) -> str:
    """Write a proxy's Spearman; in brackets where the proxy has looked into the RL that made the outcome."""
    written = number(point.get("spearman"))
    return f"({written})" if point.get("circular") else written


def _closing(result: Mapping[str, Any], path: Path | None) -> Iterator[str]:
    """The sentences under the tables: what RL gained, the pick, warnings, the cost, the file."""
    gain = bounds(result.get("rl_gain"))
    if gain.value is not None:
        yield f"gain    RL moved the mean of candidates by {_gain_text(gain)}"
    if sentence := _sentence(_verdict(result)):
        yield f"pick    {sentence}"
    yield from findings(result)
    for note in [*_notes(rows_of(result.get("proxies"))), *list_of(result.get("warnings"))]:
        yield f"note    {text_of(note)}"
    if cost := cost_text(mapping_of(result.get("cost"))):
        yield f"cost    {cost}"
    if path is not None:
        yield f"result  {text_of(path)}"


def _notes(proxies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the judges' remarks, once each, with the proxies they are about; trivial ones need none."""
    about: dict[str, list[str]] = {}
    for row in proxies:
        if isinstance(note := row.get("note"), str) and not row.get("trivial"):
            for clause in note.split("; "):
                about.setdefault(clause, []).append(text_of(row.get("name")))
    shown = sum(not row.get("trivial") for row in proxies)
    for clause, names in about.items():
        if clause:
            yield f"{'all proxies' if len(names) == shown > 1 else ', '.join(names)}: {clause}"


def _gain_text(gain: Bounds) -> str:
    interval = f" [{signed(gain.low)}, {signed(gain.high)}]" if gain.low is not None and gain.high is not None else ""
    return f"{signed(gain.value)}{interval}"


def _sentence(verdict: Mapping[str, Any]) -> str:
    if verdict.get("sentence"):
        return text_of(verdict["sentence"])
    if not verdict.get("pick"):
        return ""
    by = f" by {text_of(verdict['by'])}" if verdict.get("by") else ""
    sure = verdict.get("probability_best")
    chance = f"; the best of these with probability {number(sure)}" if isinstance(sure, int | float) else ""
    return f"{text_of(verdict['pick'])}{by}{chance}"


def _loss_label(candidates: Sequence[Mapping[str, Any]]) -> str | None:
    labels = list(dict.fromkeys(label for c in candidates for label in mapping_of(c.get("proxies"))))
    exact = [label for label in labels if label.startswith("generalization-loss")]
    return next(iter(exact + [label for label in labels if "loss" in label]), None)


def _short(label: str) -> str:
    return text_of("gen. loss" if label == "generalization-loss" else label)


def _gain(candidate: Mapping[str, Any]) -> float | None:
    paired = bounds(candidate.get("gain")).value
    if paired is not None:
        return paired
    before = bounds(mapping_of(candidate.get("pre")).get("pass@1")).value
    after = bounds(mapping_of(candidate.get("post")).get("pass@1")).value
    return after - before if before is not None and after is not None else None


def _by_outcome(candidate: Mapping[str, Any]) -> tuple[float, float]:
    outcome = bounds(candidate.get("outcome")).value
    start = bounds(mapping_of(candidate.get("pre")).get("pass@1")).value
    return (-outcome if outcome is not None else 9.0, -start if start is not None else 9.0)


def _by_strength(judgement: Mapping[str, Any]) -> tuple[bool, float]:
    rho = bounds(judgement.get("spearman")).value
    return (bool(judgement.get("trivial")), -rho if rho is not None else 9.0)


def _verdict(result: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping_of(result.get("verdict"))
