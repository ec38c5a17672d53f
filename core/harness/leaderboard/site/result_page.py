"""The page of one result: where each figure of the boards comes from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.leaderboard.along import along_of
from harness.leaderboard.site import addresses
from harness.leaderboard.site.markup import Html, join, lines, link, tag, text
from harness.leaderboard.site.proxies import along_figure
from harness.leaderboard.site.shell import facts, page, plain_list, section, title_of
from harness.leaderboard.site.table import Cell, Column, Row, table
from harness.leaderboard.wording import strategy_of
from harness.report.figures import NOTHING, bounds, clock, count, largest_pass_at, number, signed, with_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.leaderboard.entry import Entry
    from harness.leaderboard.site.markup import Content
    from harness.leaderboard.strategies import Candidate

UP = addresses.UP["results"]
TIERS = {
    "self-reported": "self-reported: the submitter's word",
    "recomputed": "recomputed: every headline number follows from the counts",
    "reproduced": "reproduced: a second run gave the same numbers",
}


def result_page(entry: Entry, counted: Sequence[Candidate], tracks: Mapping[str, str]) -> Html:
    """Return the page.

    Args:
        entry: the result.
        counted: its candidates with their counts, where it is on the board of strategies.
        tracks: of its candidates, by name: the key.
    """
    result = entry.result
    parts = [
        section("candidates", "Candidates", _candidates(entry, tracks)),
        section("proxies", "Proxies", _proxies(result)) if result["proxies"] else None,
        _along(entry),
        section("counts", "Counts after RL", _counts(entry, counted)) if counted else None,
        section("recipe", "Recipe", _recipe(entry)),
        section("made-by", "What made it", _made_by(entry)),
    ]
    sentence = result["verdict"].get("sentence")
    return page(
        title_of(entry.id, "leaderboard"),
        tag("h1", text(result["study"])),
        tag("p", text(sentence, 1000), class_="lede") if sentence else None,
        _facts(entry),
        *parts,
        home=f"{UP}index.html",
        nav=join(*(link(f"#{where}", name) for where, name in _places(entry, bool(counted)))),
    )


def _places(entry: Entry, has_counts: bool) -> list[tuple[str, str]]:
    found = [("candidates", "Candidates")]
    found += [("proxies", "Proxies")] if entry.result["proxies"] else []
    found += [("along", "RL compute")] if along_of(entry) else []
    found += [("counts", "Counts")] if has_counts else []
    return [*found, ("recipe", "Recipe"), ("made-by", "Made by")]


def _facts(entry: Entry) -> Html:
    result = entry.result
    name = entry.path.stem
    files: list[Content] = [link(f"{name}.json", "result.json")]
    files += [" · ", link(f"{name}.counts.parquet", "counts by problem (Parquet)")] if entry.counts else []
    files += [" · ", link(f"{name}.recipe.json", "recipe")] if entry.recipe is not None else []
    metric = result["outcome_metric"]
    return facts(
        ("entry", text(entry.id)),
        ("tier", TIERS.get(entry.tier, "not stated")),
        ("files", join(*files)),
        ("outcome", text(f"{metric['name']} after RL, from {metric['samples']} samples a problem")),
        ("seeds", ", ".join(map(str, result["seeds"]))),
        ("recipe digest", tag("code", result["recipe_digest"])),
        ("numbers digest", tag("code", result["numbers_digest"])),
        ("cost", f"{clock(result['cost'].get('seconds'))} of compute, {count(result['cost'].get('tokens'))} tokens"),
    )


def _candidates(entry: Entry, tracks: Mapping[str, str]) -> Html:
    rows, metric = entry.result["candidates"], entry.result["outcome_metric"]["name"]
    widest = largest_pass_at(rows) or "pass@1"
    columns = (
        Column(name="candidate", is_text=True),
        Column(name=f"{metric} after RL"),
        Column(name="gain by RL"),
        Column(name="pass@1 before"),
        *([Column(name=f"{widest} before")] if widest != "pass@1" else []),
        Column(name="SFT tokens"),
        Column(name="strategy", is_text=True, is_long=True),
        Column(name="on the board", is_text=True, sorts=False),
    )
    made = []
    for row in sorted(rows, key=lambda one: -(bounds(one["outcome"]).value or 0.0)):
        identity = addresses.candidate_anchor(entry, row["name"])
        key = tracks.get(row["name"])
        before = [bounds(row["pre"].get(name)) for name in dict.fromkeys(("pass@1", widest))]
        made.append(
            Row(
                identity=identity,
                cells=[
                    Cell(shown=text(row["name"]), by=row["name"][:80]),
                    Cell(shown=with_interval(bounds(row["outcome"])), by=bounds(row["outcome"]).value),
                    Cell(shown=signed(bounds(row["gain"]).value), by=bounds(row["gain"]).value),
                    *(Cell(shown=number(one), by=one.value) for one in before),
                    Cell(shown=count(row["train_tokens"]), by=row["train_tokens"]),
                    Cell(shown=text(strategy_of(row), 300), by=strategy_of(row)[:80]),
                    Cell(shown=link(f"{UP}index.html#{identity}", f"track {key[:6]}", class_="nowrap") if key else NOTHING),
                ],
            )
        )
    return table("Best outcome first; 95 % intervals over problems.", columns, made, label="Candidates")


def _proxies(result: Mapping[str, Any]) -> Html:
    columns = (
        Column(name="proxy", is_text=True),
        Column(name="Spearman"),
        Column(name="decisions"),
        Column(name="regret", hint="outcome lost by taking its pick"),
        Column(name="R2"),
        Column(name="verdict", is_text=True, is_long=True),
    )
    rows = [
        Row(
            classes=("trivial",) if one["trivial"] else (),
            cells=[
                Cell(shown=text(one["name"]), by=one["name"][:80]),
                *(
                    Cell(shown=with_interval(bounds(one[part])), by=bounds(one[part]).value)
                    for part in ("spearman", "decision_accuracy", "top1_regret", "r2")
                ),
                Cell(shown=text(one["verdict"]), by=one["verdict"]),
            ],
        )
        for one in result["proxies"]
    ]
    caption = join(
        "How well each, measured before RL, foretold the outcome; baseline: ", text(result["baseline_proxy"]), "."
    )
    return table(caption, columns, rows, label="Proxies of this study")


def _along(entry: Entry) -> Html | None:
    found = along_of(entry)
    if not found:
        return None
    strong = emphasised(entry)
    return section("along", "Validity against RL compute", along_figure(found, strong, text(entry.id)))


def emphasised(entry: Entry) -> list[str]:
    """Return the baseline and the proxy named beforehand, and the one that came out best besides."""
    result = entry.result
    named = list(dict.fromkeys((result["baseline_proxy"], result["primary_proxy"])))
    others = [p for p in result["proxies"] if not p["trivial"] and p["name"] not in named and not p.get("reads_rl")]
    known = [p for p in others if p["spearman"]["value"] is not None]
    return [*named, *([max(known, key=lambda p: p["spearman"]["value"])["name"]] if known else [])]


def _counts(entry: Entry, counted: Sequence[Candidate]) -> Html:
    names = [one["name"] for one in entry.result["benchmarks"]]
    columns = (Column(name="candidate", is_text=True), *(Column(name=name[:60]) for name in names), Column(name="problems"))
    rows = []
    for one in counted:
        sums = [_summed(one, name) for name in names]
        problems = {entry_counts.benchmark: len(entry_counts.problem_ids) for entry_counts in one.all_counts}
        rows.append(
            Row(
                identity=f"counts-{addresses.candidate_anchor(entry, one.row['name'])}",
                cells=[
                    Cell(shown=text(one.row["name"]), by=one.row["name"][:80]),
                    *(Cell(shown=f"{right:,}/{drawn:,}", by=right / drawn if drawn else None) for right, drawn in sums),
                    Cell(shown=str(sum(problems.values())), by=sum(problems.values())),
                ],
            )
        )
    caption = join(
        "Right samples of all samples, all problems and seeds together; problem by problem in ",
        link(f"{entry.path.stem}.counts.parquet", "the Parquet file"),
        " (columns candidate, seed, phase, benchmark, problem_id, num_samples, num_correct).",
    )
    return table(caption, columns, rows, label="Counts after RL")


def _summed(one: Candidate, benchmark: str) -> tuple[int, int]:
    own = [counts for counts in one.all_counts if counts.benchmark == benchmark]
    return sum(int(c.num_correct.sum()) for c in own), sum(int(c.num_samples.sum()) for c in own)


def _recipe(entry: Entry) -> Html:
    if entry.recipe is None:
        return tag("p", "The recipe is not at hand; only its digest is known.", class_="note")
    return tag(
        "details",
        tag("summary", "The recipe as it was run"),
        tag("pre", lines(json.dumps(entry.recipe, indent=1, ensure_ascii=False)), tabindex=0),
    )


def _made_by(entry: Entry) -> Html:
    result = entry.result
    components = [text(str(one)) for one in entry.components or ()]
    return join(
        facts(
            *((name, text(value)) for name, value in result["environment"].items()),
            ("plug-ins", text(", ".join(result["plugins"]), 1000)),
        ),
        plain_list(components) or tag("p", "Versions of single components are not recorded.", class_="note"),
        *(
            [tag("h3", "Warnings"), plain_list([text(one, 1000) for one in result["warnings"]])]
            if result["warnings"]
            else []
        ),
    )
