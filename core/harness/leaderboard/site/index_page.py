"""The index: validity against RL compute, proxies, strategies, sources, and how to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.leaderboard.along import along_of
from harness.leaderboard.site import addresses
from harness.leaderboard.site.markup import Html, join, link, tag, text
from harness.leaderboard.site.proxies import along_figure, board_table, readings_section
from harness.leaderboard.site.result_page import emphasised
from harness.leaderboard.site.shell import page, plain_list, section
from harness.leaderboard.site.strategies import track_section
from harness.leaderboard.site.table import Cell, Column, Row, table
from harness.leaderboard.wording import share

if TYPE_CHECKING:
    from harness.leaderboard.board import Leaderboard

READ = (
    (
        "Decisions",
        (
            "of two starts of one family in one study, how often the proxy named the one that ended higher after RL (a tie "
            "is half). Pairs are added up over studies, scores never are: outcomes, benchmarks and RL recipes differ. The "
            "interval resamples base models."
        ),
    ),
    (
        "Ranks of proxies",
        (
            "only from pairs both proxies speak of, base model by base model, with an exact sign-flip test and Holm's "
            "adjustment. Under ten base models in common there is no rank: insufficient."
        ),
    ),
    (
        "Ranks of strategies",
        (
            "within a track only: same base, RL recipe, engine, problems, outcome metric and versions. Every pair is "
            "compared problem by problem, with the spread from seed to seed added where there are several; Holm over all "
            "pairs. The intervals of a track hold all at once with probability 95 %."
        ),
    ),
    (
        "Regret",
        "how far from the best to the worst outcome the proxy's pick fell, mean over families of at least three starts.",
    ),
    (
        "Cost",
        "tokens and time to read the proxy of one candidate, where one of our results measured it; SFT is not counted.",
    ),
)


def index_page(board: Leaderboard) -> Html:
    """Return the index."""
    has_curves = any(along_of(entry) for entry in board.entries)
    places = [
        *([("compute", "RL compute")] if has_curves else []),
        ("proxies", "Proxies"),
        ("strategies", "Strategies"),
        ("sources", "Sources"),
        ("reading", "How to read"),
    ]
    return page(
        "posttrain-harness leaderboard",
        tag("h1", "Which SFT checkpoint should go to RL, and which number foretells it?"),
        tag("p", _lede(board), class_="lede"),
        section("compute", "Validity against RL compute", _compute(board)) if has_curves else None,
        section("proxies", "Proxies", *_proxies(board)),
        section("strategies", "Strategies", *_strategies(board)),
        section("sources", "Sources", _results(board), _studies(board), _left_out(board)),
        section("reading", "How to read this", tag("dl", *(join(tag("dt", a), tag("dd", b)) for a, b in READ))),
        nav=join(*(link(f"#{where}", name) for where, name in places)),
    )


def _lede(board: Leaderboard) -> str:
    ours = share(len(board.entries), "result of this harness", "results of this harness")
    return (
        f"{ours}, with per-problem counts, beside {share(len(board.studies), 'published study', 'published studies')}. "
        "Strategies are ranked within a track only; proxies are judged over studies and base models, and never pooled into "
        "one regression."
    )


def _compute(board: Leaderboard) -> Html:
    parts = [
        tag(
            "p",
            "A proxy is measured before RL. How well it orders the candidates can depend on how much RL follows: these "
            "studies measured the outcome at several points of the same runs.",
        )
    ]
    for entry in board.entries:
        found = along_of(entry)
        if found:
            source = link(f"{addresses.result_page(entry.id)}#along", text(entry.id))
            parts.append(along_figure(found, emphasised(entry), source))
    return join(*parts)


def _proxies(board: Leaderboard) -> list[Html]:
    parts = [tag("p", one, class_="note") for one in board.warnings]
    for one in board.proxies:
        parts += [board_table(one), tag("h3", f"Study by study: {one.varied}"), readings_section(one)]
    return parts or [tag("p", "No study with outcomes after RL yet.", class_="note")]


def _strategies(board: Leaderboard) -> list[Html]:
    found = [track_section(one) for one in board.strategies]
    return found or [tag("p", "No result with outcomes after RL and counts yet.", class_="note")]


def _results(board: Leaderboard) -> Html:
    names = ("result", "study", "candidates", "seeds", "tier")
    columns = tuple(Column(name=name, is_text=name not in ("candidates", "seeds")) for name in names)
    rows = [
        Row(
            cells=[
                Cell(shown=link(addresses.result_page(one.id), text(one.id)), by=one.id),
                Cell(shown=text(one.result["study"]), by=one.result["study"][:80]),
                Cell(shown=str(len(one.result["candidates"])), by=len(one.result["candidates"])),
                Cell(shown=str(len(one.result["seeds"])), by=len(one.result["seeds"])),
                Cell(shown=tag("span", one.tier or "not stated", class_="tag"), by=one.tier),
            ]
        )
        for one in board.entries
    ]
    return table("Results of this harness, with counts and recipe.", columns, rows, label="Results of this harness")


def _studies(board: Leaderboard) -> Html:
    columns = (
        Column(name="published study", is_text=True),
        Column(name="title", is_text=True, is_long=True),
        Column(name="source", is_text=True),
        Column(
            name="read", is_text=True, hint="A the source's own text, B exact in a secondary source, C read off a figure"
        ),
        Column(name="starts"),
        Column(name="what varied", is_text=True, is_long=True),
    )
    rows = [
        Row(
            cells=[
                Cell(shown=link(addresses.study_page(one.name), text(one.name)), by=one.name),
                Cell(shown=text(one.title), by=one.title[:80]),
                Cell(shown=text(one.source.id), by=one.source.id[:80]),
                Cell(shown=one.source.confidence, by=one.source.confidence),
                Cell(shown=str(len(one.primary_rows())), by=len(one.primary_rows())),
                Cell(shown=text(one.varied), by=one.varied),
            ]
        )
        for one in board.studies
    ]
    return table("Published studies: figures transcribed from their sources.", columns, rows, label="Published studies")


def _left_out(board: Leaderboard) -> Html | None:
    items = plain_list([join(tag("strong", text(one.what)), ": ", text(one.why, 600)) for one in board.left_out])
    return join(tag("h3", "Left out"), items) if items else None
