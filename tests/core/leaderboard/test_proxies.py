"""The board of proxies: pairs, ranks over bases, regret, versions, and ours beside published studies."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.leaderboard.made_up import COMPONENTS, HALF, put
from harness.leaderboard import leaderboard
from harness.leaderboard.contest import proxy_ranks
from harness.leaderboard.regret import regrets
from harness.studies import Column, Row, Source, Study, readings

ONE_SEED = {name: [right] for name, right in HALF.items()}
GOOD, BAD = {"A": 4.0, "B": 3.0, "C": 2.0, "D": 1.0}, {"A": 1.0, "B": 2.0, "C": 3.0, "D": 4.0}


def study_of(base: str, **values: list[float]) -> Study:
    """Starts of one base, by column; the outcome is the column `after`."""
    size = len(values["after"])
    return Study(
        name=f"study-{base}",
        title="made up",
        source=Source(id="none", where="here", how_read="made up", confidence="A", licence="none"),
        varied="sft within a base",
        rl="none",
        seeds=1,
        caveats=(),
        columns={
            name: Column(name=name, role="outcome" if name == "after" else "proxy", what="", proxy=name) for name in values
        },
        outcome="after",
        rows=tuple(
            Row(label=str(i), family=base, values={name: column[i] for name, column in values.items()}) for i in range(size)
        ),
    )


def ranked(studies: list[Study]) -> dict[str, tuple[int, int] | None]:
    found = [reading for study in studies for reading in readings(study)]
    names = dict.fromkeys(reading.proxy for reading in found)
    ranks = proxy_ranks(
        {name: [one for one in found if one.proxy == name] for name in names}, {study.name: study for study in studies}
    )
    return {name: (one.first, one.last) if one else None for name, one in ranks.items()}


def test_proxy_that_is_right_on_every_base_ranks_above_one_that_is_wrong() -> None:
    """Twelve bases: one-sided p of sign flips is 2 ** -12, far below a half of 5 %."""
    studies = [study_of(f"b{i}", after=[1, 2, 3], right=[1, 2, 3], wrong=[3, 2, 1]) for i in range(12)]
    assert ranked(studies) == {"right": (1, 1), "wrong": (2, 2)}


def test_proxies_with_fewer_than_ten_bases_in_common_have_no_rank() -> None:
    studies = [study_of(f"b{i}", after=[1, 2, 3], right=[1, 2, 3], wrong=[3, 2, 1]) for i in range(9)]
    studies += [study_of(f"c{i}", after=[1, 2, 3], right=[1, 2, 3]) for i in range(9)]
    assert ranked(studies) == {"right": None, "wrong": None}


def test_pairs_of_one_base_are_one_unit_whatever_their_number() -> None:
    """Ten bases, one of them with many starts on which `wrong` fails; on the nine others the two agree."""
    studies = [study_of("b0", after=list(range(20)), right=list(range(20)), wrong=list(range(20, 0, -1)))]
    studies += [study_of(f"b{i}", after=[1, 2], right=[1, 2], wrong=[1, 2]) for i in range(1, 10)]
    assert ranked(studies) == {"right": (1, 2), "wrong": (1, 2)}


def test_comparison_takes_the_pairs_for_which_both_have_readings() -> None:
    """`part` is right wherever it speaks; `all` is wrong only where `part` is silent, and so not worse than it."""
    studies = []
    for i in range(12):
        study = study_of(f"b{i}", after=[1, 2, 3, 4], all=[1, 2, 4, 3], part=[1, 2, 0, 0])
        rows = [replace(row, values={k: v for k, v in row.values.items() if k != "part" or v}) for row in study.rows]
        studies.append(replace(study, rows=tuple(rows)))
    assert ranked(studies) == {"all": (1, 2), "part": (1, 2)}


def test_starts_that_count_under_another_study_decide_nothing() -> None:
    studies = [study_of(f"b{i}", after=[1, 2, 3], right=[1, 2, 3], wrong=[3, 2, 1]) for i in range(12)]
    found = [replace(r, same_models_as="another") for study in studies for r in readings(study)]
    own = {name: [r for r in found if r.proxy == name] for name in ("right", "wrong")}
    assert proxy_ranks(own, {study.name: study for study in studies}) == {"right": None, "wrong": None}


def test_regret_is_the_share_of_the_way_that_the_pick_lost() -> None:
    study = study_of("b", after=[10.0, 20.0, 50.0], top=[1, 2, 3], tied=[1, 2, 2], low=[3, 2, 1])
    values = {name: regrets(study, study.columns[name])[0].value for name in ("top", "tied", "low")}
    # Best 50, worst 10. The tie picks 20 or 50.
    assert values == {"top": 0.0, "tied": pytest.approx((50 - 35) / 40), "low": 1.0}
    assert regrets(study, study.columns["top"])[0].by_chance == pytest.approx((50 - 80 / 3) / 40)
    assert not regrets(study_of("b", after=[1.0, 2.0], top=[1, 2]), study.columns["top"]), "two starts are a pair"


def test_our_result_is_read_like_a_study(tmp_path: Path) -> None:
    put(tmp_path, "first", ONE_SEED, readings={"good": GOOD, "bad": BAD, "random": GOOD})
    (board,) = leaderboard(tmp_path).proxies
    rows = {row.name: row for row in board.rows}
    assert list(rows) == ["good", "pass@1", "bad", "random"], "trivial ones last"
    # B and C end alike: 5 pairs. pass@1 is the outcome itself here.
    assert (rows["good"].decisions.pairs.right, rows["good"].decisions.pairs.total) == (5, 5)
    assert (rows["bad"].decisions.pairs.wrong, rows["bad"].decisions.pairs.total) == (5, 5)
    assert (rows["good"].regret, rows["bad"].regret) == ((0.0, 0.5), (1.0, 0.5))
    assert rows["good"].insufficient == "insufficient (1 base < 10)"
    assert (rows["good"].costs[0].seconds, rows["good"].costs[0].tokens) == (2.0, 10.0), "a candidate, of four"
    assert [p.step for p in rows["good"].along[0].points] == [3, 6]


def test_two_results_of_one_recipe_count_once_and_of_one_base_are_one_unit(tmp_path: Path) -> None:
    put(tmp_path, "first", ONE_SEED, readings={"good": GOOD})
    path = put(tmp_path, "second", ONE_SEED, readings={"good": BAD})
    assert path.is_file()
    # The recipes differ in their executor only, which is no part of the digest.
    (board,) = leaderboard(tmp_path).proxies
    row = next(row for row in board.rows if row.name == "good")
    assert (row.decisions.pairs.right, row.decisions.pairs.wrong) == (5, 0)
    assert [reading.same_models_as for reading in row.readings] == [None, "made-up/first"]


def test_versions_of_a_proxy_stand_apart_with_a_warning(tmp_path: Path) -> None:
    fewer = {name: ONE_SEED[name] for name in "ABD"}
    put(tmp_path, "first", ONE_SEED, readings={"pass@8": GOOD})
    put(tmp_path, "second", fewer, readings={"pass@8": BAD}, components={**COMPONENTS, "proxy pass@k": "2"})
    board = leaderboard(tmp_path)
    names = [row.name for row in board.proxies[0].rows]
    assert "pass@k (1)" in names and "pass@k (2)" in names and "pass@k" not in names
    assert any("pass@k: several versions" in one for one in board.warnings)


def test_one_version_is_said_and_needs_no_row_of_its_own(tmp_path: Path) -> None:
    put(tmp_path, "first", ONE_SEED, readings={"pass@8": GOOD, "pass@4": GOOD})
    board = leaderboard(tmp_path)
    row = next(row for row in board.proxies[0].rows if row.name == "pass@k")
    assert row.versions == ("1",)
    assert [reading.column for reading in row.readings] == ["pass@8"], "the largest k"
    assert [curve.label for curve in row.along] == ["pass@8", "pass@4"]


def test_proxy_that_looks_into_rl_says_so_and_its_point_there_is_circular(tmp_path: Path) -> None:
    put(tmp_path, "first", ONE_SEED, readings={"micro-probe@3": GOOD})
    rows = {row.name: row for row in leaderboard(tmp_path).proxies[0].rows}
    assert (rows["micro-probe@k"].reads_rl, rows["pass@1"].reads_rl) == (3, 0)
    assert [(p.step, p.circular) for p in rows["micro-probe@k"].along[0].points] == [(3, True), (6, False)]
