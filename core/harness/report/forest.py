"""The meta-analysis on a terminal: for each proxy one row a study, its rank correlation drawn on a line from -1 to 1."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from harness.escape import printable
from harness.report.figures import NOTHING
from harness.report.plain import plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.table import Table

    from harness.studies import MetaAnalysis, ProxyEvidence, Reading
    from harness.studies.meta import Decisions

HALF = 10
"""Characters on either side of 0."""

NOTES = """\
rho: Spearman with the outcome, positive where the proxy points as claimed; none under 3 starts. p: two-sided permutation \
test; none under 4 starts or where rows of several families are not exchangeable.
pairs: of two starts of one family in one study, how often the proxy named the one that ended higher (a tie is half). \
Pairs are added up, scores never are. [..]: these starts count under another study.
read: A the source's own text, B exact in a secondary source, C read off a figure. Reported: as the source prints it, sign \
included. Most outcomes are single RL seeds. Sources and caveats: harness analyze STUDY, registry/studies."""


def print_forest(meta: MetaAnalysis, console: Console) -> None:
    """Print each proxy's studies, split by what varied between the starts, then its decisions."""
    for evidence in meta.proxies:
        console.print(evidence.proxy, style="bold")
        for varied, decisions in evidence.decisions.items():
            own = [reading for reading in evidence.readings if reading.varied == varied]
            console.print(_table(varied, own))
            _say(f"  {_decided(decisions)}", console)
        for line in _reported(evidence):
            _say(f"  {line}", console)
        if evidence.tally.total:
            tied = f" ({evidence.tally.tied} tied)" if evidence.tally.tied else ""
            right = f"{evidence.tally.right} of {evidence.tally.total}{tied}"
            _say(f"  tally  {right} pairs in the right order, counted as the studies' files list them", console)
        console.print()
    for note in NOTES.splitlines():
        _say(note, console)


def _table(varied: str, own: Sequence[Reading]) -> Table:
    table = plain_table(
        [f"  {varied}", "read", "n", "rho", "p", f"-1{' ' * (HALF - 2)}0{' ' * (HALF - 1)}1", "pairs"], left=1
    )
    for reading in sorted(own, key=_by_weight):
        test, pairs = reading.test, reading.all_pairs
        name = reading.study + (f" @{reading.k}" if reading.k else "")
        score = f"{pairs.right + pairs.tied / 2:g}/{pairs.total}" if pairs.total else NOTHING
        table.add_row(
            f"  {printable(name)}",
            reading.confidence,
            str(reading.n),
            NOTHING if test.rho is None else f"{test.rho:+.2f}",
            _p(test.p),
            draw(test.rho),
            f"[{score}]" if reading.same_models_as else score,
            style="dim" if reading.same_models_as else None,
        )
    return table


def draw(rho: float | None) -> str:
    """Mark rho on a line from -1 to 1, in plain characters that any terminal has."""
    line = ["."] * (2 * HALF + 1)
    line[HALF] = "|"
    if rho is not None:
        line[HALF + round(HALF * rho)] = "o"
    return "".join(line)


def _p(p: float | None) -> str:
    if p is None:
        return NOTHING
    return "<.001" if p < 0.001 else f"{p:.3f}"


def _decided(decisions: Decisions) -> str:
    """Say how many pairs were decided rightly, and how sure that is."""
    found = decisions.accuracy
    if found.value is None:
        return f"decisions  {found.reason}"
    pairs = decisions.pairs
    said = f"decisions  {pairs.right + pairs.tied / 2:g} of {pairs.total} = {found.value:.2f}"
    if found.low is not None and found.high is not None:
        said += f" [{found.low:.2f}, {found.high:.2f}], 95 % over {len(decisions.bases)} base models"
        return f"{said}; every base alike {decisions.mean_over_bases:.2f}, range {_range(decisions)}"
    each = ", ".join(
        f"{printable(base)} {one.accuracy:.2f} ({one.total})"
        for base, one in decisions.bases.items()
        if one.accuracy is not None
    )
    if len(decisions.bases) == 1:
        return f"{said}; one base model, no interval: {each}"
    return f"{said}; {len(decisions.bases)} base models are too few for an interval, each: {each}; range {_range(decisions)}"


def _range(decisions: Decisions) -> str:
    return f"{decisions.shares[0]:.2f} to {decisions.shares[-1]:.2f}"


def _reported(evidence: ProxyEvidence) -> Iterator[str]:
    """Say what sources report themselves, one line a study and statistic."""
    lines: dict[tuple[str, str], list[str]] = {}
    for study, one in evidence.reported:
        spread = f" +- {one.sd:.2f}" if one.sd is not None else ""
        where = "; ".join(
            part for part in (f"k={one.k}" if one.k else "", f"n={one.n}" if one.n else "", one.group, one.note) if part
        )
        lines.setdefault((study, one.statistic), []).append(f"{one.value:.2f}{spread} ({where})")
    for (study, statistic), figures in lines.items():
        yield f"reported  {statistic} by {printable(study)}: {printable(', '.join(figures))}"


def _by_weight(reading: Reading) -> tuple[int, str]:
    return (-reading.n, reading.study)


def _say(line: str, console: Console) -> None:
    indent = line[: len(line) - len(line.lstrip())]
    for part in wrap(line, console.width, subsequent_indent=f"{indent}  ", break_long_words=False, break_on_hyphens=False):
        console.print(part, soft_wrap=True)
