"""Both boards of the registry that ships: the miniature study beside the published ones."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.leaderboard import command
from harness.leaderboard import Leaderboard, leaderboard
from harness.studies import meta_analysis, studies

MINIATURE = "miniature/2026-11-22"


@pytest.fixture(scope="module")
def board() -> Leaderboard:
    return leaderboard()


def test_nothing_that_ships_is_left_out(board: Leaderboard) -> None:
    assert not board.left_out
    assert [entry.id for entry in board.entries if entry.id == MINIATURE]
    assert len(board.studies) == len(studies())


def test_miniature_study_is_ranked_with_its_runs_spread(board: Leaderboard) -> None:
    track = next(one for one in board.strategies if any(s.candidate.entry.id == MINIATURE for s in one.standings))
    assert track.track.alone is None and len(track.standings) >= 18
    ranks = {one.candidate.row["name"]: one for one in track.standings}
    best, worst = ranks["1024 x 1"], ranks["terse 1024 x 4"]
    assert best.ranks is not None and worst.ranks is not None
    assert best.ranks.last < worst.ranks.first, "these two are far apart"
    assert best.ranks.first == 1
    for one in track.standings:
        assert one.ranks is not None and one.ranks_of_runs is not None
        assert one.ranks.first <= one.ranks_of_runs.first <= one.ranks_of_runs.last <= one.ranks.last


def test_our_decisions_are_the_results_own(board: Leaderboard) -> None:
    """The pairs counted by the rules of the studies give the decision accuracy that validity computes."""
    result = next(entry for entry in board.entries if entry.id == MINIATURE).result
    own = {row["name"]: row for row in result["proxies"]}
    checked = 0
    for row in board.proxies[0].rows:
        for reading in row.readings:
            if reading.study == MINIATURE:
                accuracy = own[reading.column]["decision_accuracy"]["value"]
                assert reading.all_pairs.accuracy == pytest.approx(accuracy, abs=1e-12)
                assert reading.test.rho == pytest.approx(own[reading.column]["spearman"]["value"], abs=1e-12)
                checked += 1
    assert checked >= 8


def test_published_readings_are_the_meta_analysis_own(board: Leaderboard) -> None:
    published = {one.proxy: one for one in meta_analysis(studies(), resamples=200).proxies}
    for part in board.proxies:
        for row in part.rows:
            ours = [r for r in row.readings if "/" not in r.study]
            theirs = [r for r in published[row.name].readings if r.varied == part.varied] if ours else []
            assert ours == theirs


def test_compute_column_is_the_results_own(board: Leaderboard) -> None:
    result = next(entry for entry in board.entries if entry.id == MINIATURE).result
    curve = next(c for row in board.proxies[0].rows for c in row.along if c.result == MINIATURE and c.label == "pass@1")
    told = [next(p for p in point["proxies"] if p["name"] == "pass@1")["spearman"]["value"] for point in result["along"]]
    assert [point.spearman for point in curve.points] == told
    assert [point.step for point in curve.points] == [10, 20, 40, 80]


def test_command_prints_both_boards_and_json_of_the_same() -> None:
    shown = CliRunner().invoke(command, [], catch_exceptions=False).output
    for words in (
        "Proxies: sft within a base",
        "Validity against RL compute",
        "Strategies: track",
        "1024 x 1",
        "insufficient",
    ):
        assert words in shown
    found = json.loads(CliRunner().invoke(command, ["--json"], catch_exceptions=False).stdout)
    assert found["proxies"][0]["proxies"][0]["name"] == "pass@1"
    assert found["strategies"][0]["candidates"][0]["ranks"][0] == 1
    assert str(Path(__file__).parents[3]) not in json.dumps(found)
