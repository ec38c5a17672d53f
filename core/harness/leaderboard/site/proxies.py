"""The board of proxies as HTML, and validity against RL compute."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from harness.leaderboard.site import addresses
from harness.leaderboard.site.drawings import curves, share_bar
from harness.leaderboard.site.markup import Html, join, link, tag, text
from harness.leaderboard.site.table import Cell, Column, Row, table
from harness.leaderboard.wording import cheapest, compact, decided, difference, main_curve, paired, place, share, short
from harness.report.figures import NOTHING, Bounds, bounds, clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.leaderboard.along import Along, Point
    from harness.leaderboard.proxies import ProxyBoard, ProxyCost, ProxyRow
    from harness.studies import Reading

COLUMNS = (
    Column(name="proxy", is_text=True),
    Column(name="decisions", hint="how often it named the start that ended higher, of two of one family"),
    Column(name="0 to 1", sorts=False, hint="the share with its interval; the tick is one half"),
    Column(name="pairs"),
    Column(name="bases", hint="base models behind the pairs: the independent units"),
    Column(name="rank", is_text=True, hint="places it can hold, from pairs that two proxies both speak of"),
    Column(name="by RL compute", is_text=True, sorts=False, hint="Spearman at each amount of RL measured"),
    Column(name="Spearman", hint="median over studies; its range and their number in brackets"),
    Column(
        name="regret", hint="share of the way from best to worst outcome that its pick lost; a random pick's in brackets"
    ),
    Column(name="cost", hint="tokens a candidate, in our results"),
)


MOST_DRAWN = 18
"""Curves in one drawing: more names than this do not fit beside each other."""


def board_table(board: ProxyBoard) -> Html:
    """Return the table of one board."""
    caption = (
        f"What varied: {board.varied}, {board.meaning}. Most base models first, trivial baselines last. Under ten base "
        "models in common with another proxy a rank is insufficient."
    )
    rows = [_row(row, board.varied) for row in board.rows]
    return table(caption, COLUMNS, rows, label=f"Proxies, {board.varied}")


def _row(row: ProxyRow, varied: str) -> Row:
    found, rhos, regret, cost = row.decisions.accuracy, row.spearmans, row.regret, cheapest(row)
    bases, total = len(row.decisions.bases), row.decisions.pairs.total
    identity = addresses.proxy_anchor(varied, row.name)
    middle = median(rhos) if rhos else None
    return Row(
        identity=identity,
        classes=("trivial",) if row.trivial else (),
        cells=[
            Cell(shown=_name(row, identity), by=row.name[:80]),
            Cell(shown=decided(row.decisions), by=found.value),
            Cell(shown=None if found.value is None else share_bar(found.value, found.low, found.high)),
            Cell(shown=paired(row.decisions), by=total or None),
            Cell(shown=str(bases), by=bases),
            Cell(shown=_rank(row), by=row.ranks.first if row.ranks else None),
            Cell(shown=_by_compute(row)),
            Cell(shown=_median(rhos), by=middle),
            Cell(
                shown=NOTHING if regret is None else f"{regret[0]:.2f} ({regret[1]:.2f})",
                by=None if regret is None else regret[0],
            ),
            Cell(shown=_cost(cost), by=None if cost is None else cost.tokens),
        ],
    )


def _name(row: ProxyRow, identity: str) -> Html:
    """Name the proxy and the version of its component; where only published studies read it there is none."""
    versions = [tag("span", f"v{one}" if one.isdecimal() else text(one), class_="tag") for one in row.versions]
    versions += [tag("span", f"reads {row.reads_rl} RL steps", class_="tag")] if row.reads_rl else []
    return join(link(f"#readings-{identity}", text(row.name)), *(part for one in versions for part in (" ", one)))


def _median(rhos: Sequence[float]) -> Html:
    if not rhos:
        return tag("span", NOTHING, class_="low")
    spread = f" ({short(rhos[0])} to {short(rhos[-1])}, {len(rhos)})" if len(rhos) > 1 else " (1)"
    return join(short(median(rhos)), tag("span", spread, class_="low"))


def _cost(cost: ProxyCost | None) -> Html:
    if cost is None or cost.tokens is None:
        return tag("span", NOTHING, class_="low")
    return tag("span", compact(cost.tokens) if cost.tokens else "none", title=clock(cost.seconds))


def _rank(row: ProxyRow) -> Html:
    if row.ranks is not None:
        return text(place(row.ranks, None).replace("-", "\N{EN DASH}"))
    return tag("span", "insufficient", class_="low", title=row.insufficient)


def _by_compute(row: ProxyRow) -> Html:
    """Link to the curve: Spearman at each amount of RL, in brackets where the proxy has looked into it."""
    curve = main_curve(row)
    if curve is None:
        return tag("span", NOTHING, class_="low")
    values = " → ".join(f"({short(p.spearman)})" if p.circular else short(p.spearman) for p in curve.points)
    return link(f"{addresses.result_page(curve.result)}#along", values, class_="nowrap")


def readings_section(board: ProxyBoard) -> Html:
    """Return what each study says of each proxy, folded away."""
    parts = [_readings(row, board.varied) for row in board.rows]
    return join(*parts)


def _readings(row: ProxyRow, varied: str) -> Html:
    identity = f"readings-{addresses.proxy_anchor(varied, row.name)}"
    columns = (
        Column(name="study", is_text=True),
        Column(name="column", is_text=True),
        Column(name="starts"),
        Column(name="Spearman"),
        Column(name="p", hint="two-sided permutation test"),
        Column(name="pairs right"),
        Column(name="counts", is_text=True, sorts=False),
        Column(
            name="read", is_text=True, hint="A the source's own text, B exact in a secondary source, C read off a figure"
        ),
    )
    rows = [_reading(reading) for reading in sorted(row.readings, key=lambda one: (-one.n, one.study))]
    caption = f"{row.name}: one line a study; scores of different studies are never pooled."
    shown = table(text(caption, 400), columns, rows, label=f"Readings of {row.name[:80]}, {varied}")
    summary = join(text(row.name), f": {share(len(row.readings), 'study', 'studies')}")
    return tag("details", tag("summary", summary), shown, id=identity)


def _reading(reading: Reading) -> Row:
    pairs, ours = reading.all_pairs, "/" in reading.study
    right = pairs.right + pairs.tied / 2
    return Row(
        classes=("elsewhere",) if reading.same_models_as else (),
        cells=[
            Cell(shown=link(addresses.source_page(reading.study), text(reading.study)), by=reading.study),
            Cell(shown=text(reading.column), by=reading.column[:80]),
            Cell(shown=str(reading.n), by=reading.n),
            Cell(shown=short(reading.test.rho), by=reading.test.rho),
            Cell(shown=p_value(reading.test.p), by=reading.test.p),
            Cell(shown=f"{right:g}/{pairs.total}" if pairs.total else NOTHING, by=pairs.accuracy),
            Cell(shown=join("under ", text(reading.same_models_as)) if reading.same_models_as else "here"),
            Cell(shown="ours" if ours else reading.confidence, by="ours" if ours else reading.confidence),
        ],
    )


def p_value(p: float | None) -> str:
    """Write a p value."""
    if p is None:
        return NOTHING
    return "< .001" if p < 0.001 else f"{p:.3f}"


def along_figure(along: Sequence[Along], emphasised: Sequence[str], source: Html) -> Html:
    """Return the drawing and its table for one result."""
    steps = ", ".join(str(point.step) for point in along[0].points)
    title = f"Spearman of each proxy with the outcome after {steps} RL steps"
    strong = ", ".join(emphasised)
    drawn = _drawn(along, emphasised)
    more = f" {len(along) - len(drawn)} more are in the table." if len(drawn) < len(along) else ""
    words = join(
        f"Rank correlation of each proxy, measured before RL, with the outcome after {steps} RL steps; ",
        source,
        f". Drawn strongly: {strong}." if strong else ".",
        f" Dotted: trivial baselines. Intervals are in the table.{more}",
    )
    picture = tag("div", curves(drawn, emphasised, title), class_="wide", role="region", tabindex=0, aria_label="Drawing")
    drawing = tag("figure", picture, tag("figcaption", words))
    columns = (
        Column(name="proxy", is_text=True),
        *(Column(name=f"after {point.step}", hint=f"{compact(point.tokens)} tokens of RL") for point in along[0].points),
        Column(name="change"),
    )
    caption = "Spearman with 95 % intervals, candidates resampled. In brackets: the proxy has looked into that RL."
    return join(drawing, table(caption, columns, [_along_row(one) for one in along], label=title))


def _drawn(along: Sequence[Along], emphasised: Sequence[str]) -> list[Along]:
    """Choose the curves to draw: all, or the emphasised ones and those that end highest, trivial ones last."""

    def place(one: Along) -> tuple[bool, bool, float]:
        last = one.points[-1].spearman if one.points else None
        return (one.label not in emphasised, one.trivial, -(last if last is not None else -2.0))

    return sorted(along, key=place)[:MOST_DRAWN]


def _along_row(one: Along) -> Row:
    change = bounds(one.change)
    return Row(
        classes=("trivial",) if one.trivial else (),
        cells=[
            Cell(shown=text(one.label), by=one.label[:80]),
            *(Cell(shown=_at(point), by=point.spearman) for point in one.points),
            Cell(shown=difference(change), by=change.value),
        ],
    )


def _at(point: Point) -> str:
    written = difference(Bounds(point.spearman, point.low, point.high))
    return f"({written})" if point.circular else written
