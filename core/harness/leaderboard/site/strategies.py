"""The board of strategies as HTML: one table a track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.leaderboard.site import addresses
from harness.leaderboard.site.drawings import rank_bar
from harness.leaderboard.site.markup import Html, join, link, tag, text
from harness.leaderboard.site.shell import facts, plain_list
from harness.leaderboard.site.table import Cell, Column, Row, table
from harness.leaderboard.wording import place, share, strategy_of
from harness.report.figures import NOTHING, bounds, count, number, signed, with_interval

if TYPE_CHECKING:
    from harness.leaderboard.entry import Entry
    from harness.leaderboard.site.markup import Content
    from harness.leaderboard.strategies import Standing, StrategyBoard

COLUMNS = (
    Column(name="candidate", is_text=True),
    Column(name="rank", hint="places it can hold, all of the track at once with probability 95 %"),
    Column(name="places", sorts=False),
    Column(name="outcome after RL", hint="with a 95 % interval over problems"),
    Column(name="seed sd", hint="of a run's outcome from seed to seed"),
    Column(name="gain by RL", hint="outcome less the same metric before RL"),
    Column(name="pass@1 before"),
    Column(name="SFT tokens"),
    Column(name="strategy", is_text=True, is_long=True),
)
RESULT = Column(name="result", is_text=True)
"""Only where a track has candidates of several."""


def track_section(board: StrategyBoard) -> Html:
    """Return one track: what its candidates share, then the table, then what to bear in mind."""
    track, size = board.track, len(board.standings)
    entries = list({one.candidate.entry.id: one.candidate.entry for one in board.standings}.values())
    reason = f"No ranks: {board.reason}." if board.reason else ""
    caption = f"{share(size, 'candidate')}, best outcome first: {track.outcome}. {reason}"
    columns = (*COLUMNS, RESULT) if len(entries) > 1 else COLUMNS
    rows = [_row(one, size, len(entries) > 1) for one in board.standings]
    return tag(
        "section",
        tag("h3", join("Track: ", text(track.base), ", ", text(track.rl)), id=f"track-{track.key}"),
        facts(
            ("base", text(track.base)),
            ("RL", text(track.rl)),
            ("benchmarks", text(f"{', '.join(track.benchmarks)} ({track.num_problems} problems)", 600)),
            ("measured by", text(", ".join(track.versions) or "versions not recorded", 1000)),
            ("results", join(*(tag("div", _files(entry)) for entry in entries))),
            ("track key", tag("code", track.key)),
        ),
        table(caption, columns, rows, label=f"Strategies of track {track.key}"),
        plain_list([text(note, 1000) for note in board.notes]),
        aria_labelledby=f"track-{track.key}",
    )


def _row(one: Standing, size: int, has_results: bool) -> Row:
    row, entry, ranks = one.candidate.row, one.candidate.entry, one.ranks
    identity = addresses.candidate_anchor(entry, row["name"])
    outcome, gain, before = bounds(row["outcome"]), bounds(row["gain"]), bounds(row["pre"].get("pass@1"))
    spread = row["outcome"].get("seed_sd")
    source = addresses.result_page(entry.id)
    cells = [
        Cell(shown=link(f"{source}#{identity}", text(row["name"])), by=row["name"][:80]),
        Cell(shown=place(ranks, NOTHING).replace("-", "\N{EN DASH}"), by=ranks.first + ranks.last / 1e6 if ranks else None),
        Cell(shown=rank_bar(ranks.first, ranks.last, size) if ranks else None),
        Cell(shown=link(f"{source}#counts-{identity}", with_interval(outcome)), by=outcome.value),
        Cell(shown=number(spread), by=spread),
        Cell(shown=signed(gain.value), by=gain.value),
        Cell(shown=number(before), by=before.value),
        Cell(shown=count(row["train_tokens"]), by=row["train_tokens"]),
        Cell(shown=text(strategy_of(row), 300), by=strategy_of(row)[:80]),
    ]
    if has_results:
        cells.append(Cell(shown=link(source, text(entry.id)), by=entry.id))
    return Row(identity=identity, cells=cells)


def _files(entry: Entry) -> Html:
    parts: list[Content] = [link(addresses.result_page(entry.id), text(entry.id))]
    parts += [" · ", link(addresses.result_file(entry), "result"), " · ", link(addresses.counts_file(entry), "counts")]
    if entry.recipe is not None:
        parts += [" · ", link(addresses.recipe_file(entry), "recipe")]
    return join(*parts)
