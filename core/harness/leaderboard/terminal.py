"""Both boards on a terminal."""

from __future__ import annotations

from statistics import median
from textwrap import wrap
from typing import TYPE_CHECKING

from harness.escape import printable
from harness.leaderboard.wording import cheapest, compact, decided, difference, paired, place, share, short, strategy_of
from harness.report.figures import NOTHING, bounds, count, signed, with_interval
from harness.report.plain import plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from harness.leaderboard.board import Leaderboard
    from harness.leaderboard.proxies import ProxyBoard
    from harness.leaderboard.strategies import StrategyBoard

NOTES = """\
ranks: places a candidate can hold, all of a track at once with probability 95 %: differences paired by problem, the spread \
from seed to seed, Holm over all pairs. No rank is given across tracks.
decisions: of two starts of one family in one study, how often the proxy named the one that ended higher (a tie is half); \
pairs of one base hang together, and under 10 bases there is no rank ("insufficient") and no interval.
rho: Spearman, median over studies (how many), never pooled. regret: share of the way from best to worst that the pick lost \
(a random pick's in brackets). tokens: of a candidate, to read the proxy, where we did. (..): the proxy has looked into \
that RL."""


def print_leaderboard(board: Leaderboard, console: Console) -> None:
    """Print the boards for people; names from outside are escaped."""
    for proxies in board.proxies:
        _print(f"Proxies: {proxies.varied}", _proxies(proxies), console)
        _say(proxies.meaning, console)
        console.print()
        for title, table in _curves(proxies):
            _print(title, table, console)
            console.print()
    for track in board.strategies:
        _print(f"Strategies: track {track.track.key}", _strategies(track), console)
        for line in _about(track):
            _say(line, console)
        console.print()
    for line in _closing(board):
        _say(line, console)


def _print(title: str, table: Table, console: Console) -> None:
    console.print(title, style="bold", soft_wrap=True)
    console.print(table)


def _proxies(board: ProxyBoard) -> Table:
    table = plain_table(["proxy", "rank", "decisions", "pairs", "bases", "rho", "regret", "tokens"], left=1)
    for row in board.rows:
        rhos, regret, cost = row.spearmans, row.regret, cheapest(row)
        table.add_row(
            printable(row.name) + (f" (reads {row.reads_rl} RL steps)" if row.reads_rl else ""),
            place(row.ranks, "insufficient"),
            decided(row.decisions),
            paired(row.decisions),
            str(len(row.decisions.bases)),
            NOTHING if not rhos else f"{median(rhos):+.2f} ({len(rhos)})",
            NOTHING if regret is None else f"{regret[0]:.2f} ({regret[1]:.2f})",
            NOTHING if cost is None or cost.tokens is None else compact(cost.tokens),
            style="dim" if row.trivial else None,
        )
    return table


def _curves(board: ProxyBoard) -> Iterator[tuple[str, Table]]:
    """Yield one table a result that measured the outcome at several amounts of RL: a row a proxy, a column an amount."""
    curves = [curve for row in board.rows for curve in row.along]
    for result in dict.fromkeys(curve.result for curve in curves):
        own = [curve for curve in curves if curve.result == result]
        table = plain_table(["proxy", *(f"step {point.step}" for point in own[0].points), "change"], left=1)
        for curve in own:
            values = [f"({short(p.spearman)})" if p.circular else short(p.spearman) for p in curve.points]
            change = difference(bounds(curve.change))
            table.add_row(printable(curve.label), *values, change, style="dim" if curve.trivial else None)
        yield f"Validity against RL compute: rho with the outcome after so many RL steps, {printable(result)}", table


def _strategies(board: StrategyBoard) -> Table:
    table = plain_table(
        ["rank", "candidate", "outcome after RL", "gain", "SFT tokens", "strategy"], left=2, last_is_text=True
    )
    for one in board.standings:
        row = one.candidate.row
        table.add_row(
            place(one.ranks, board.reason),
            printable(row["name"]),
            with_interval(bounds(row["outcome"])),
            signed(bounds(row["gain"]).value),
            count(row["train_tokens"]),
            strategy_of(row),
        )
    return table


def _about(board: StrategyBoard) -> Iterator[str]:
    track = board.track
    yield f"base    {printable(track.base)}"
    yield f"RL      {printable(track.rl)}"
    problems = f"{track.num_problems} problems"
    yield f"scored  {printable(track.outcome)}; {problems} of {printable(', '.join(track.benchmarks))}"
    yield f"by      {printable(', '.join(track.versions)) or 'versions not recorded'}"
    yield f"from    {printable(', '.join(dict.fromkeys(one.candidate.entry.id for one in board.standings)))}"
    for note in (*([board.reason] if board.reason else []), *board.notes):
        yield f"note    {printable(note)}"


def _closing(board: Leaderboard) -> Iterator[str]:
    for one in board.left_out:
        yield f"left out  {printable(one.what)}: {printable(one.why)}"
    for warning in board.warnings:
        yield f"note    {printable(warning)}"
    yield from NOTES.splitlines()
    published = share(len(board.studies), "published study", "published studies")
    yield f"sources: {share(len(board.entries), 'result')} of ours, {published}"


def _say(line: str, console: Console) -> None:
    for part in wrap(line, console.width, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False):
        console.print(part, soft_wrap=True)
