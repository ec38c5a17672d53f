"""The board of strategies: tracks, and who may stand in them."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from core.leaderboard.made_up import COMPONENTS, HALF, RECIPE, edit, put
from harness import DataError
from harness.leaderboard import Leaderboard, leaderboard
from harness.tables import read_table, write_table

ONE_SEED = {name: [right] for name, right in HALF.items()}
FEWER = {name: [right] for name, right in (("A", HALF["A"]), ("E", HALF["D"]))}


def ranks(board: Leaderboard, place: int = 0) -> dict[str, tuple[int, int] | None]:
    standings = board.strategies[place].standings
    return {one.candidate.row["name"]: (one.ranks.first, one.ranks.last) if one.ranks else None for one in standings}


def test_board_ranks_the_halves_as_a_hand_does(tmp_path: Path) -> None:
    put(tmp_path, "first", ONE_SEED)
    board = leaderboard(tmp_path)
    assert ranks(board) == {"A": (1, 1), "B": (2, 3), "C": (2, 3), "D": (4, 4)}
    assert "another seed may rank otherwise" in board.strategies[0].notes[0]
    assert not board.left_out


def test_seeds_that_scatter_widen_the_ranks_and_not_those_of_the_runs(tmp_path: Path) -> None:
    """A is right on all problems and then on a quarter, D on none and then on that quarter."""
    after = {"A": [[1] * 24, [1] * 6 + [0] * 18], "D": [[0] * 24, [1] * 6 + [0] * 18]}
    put(tmp_path, "first", after)
    board = leaderboard(tmp_path)
    (first, second) = board.strategies[0].standings
    assert ranks(board) == {"A": (1, 2), "D": (1, 2)}
    assert (first.ranks_of_runs.first, second.ranks_of_runs.first) == (1, 2)  # type: ignore[union-attr]
    spread = board.strategies[0].spread
    # Squares about the mean: .75 ** 2 / 2 for A, .25 ** 2 / 2 for D; over 2 degrees of freedom.
    assert spread is not None and spread.variance == pytest.approx((0.75**2 + 0.25**2) / 4) and spread.freedom == 2


def test_results_of_one_track_stand_together_and_are_paired_by_problem(tmp_path: Path) -> None:
    put(tmp_path, "first", {name: ONE_SEED[name] for name in "AB"})
    put(tmp_path, "second", {name: ONE_SEED[name] for name in "CD"})
    board = leaderboard(tmp_path)
    assert ranks(board) == {"A": (1, 1), "B": (2, 3), "C": (2, 3), "D": (4, 4)}
    assert {one.candidate.entry.id for one in board.strategies[0].standings} == {"made-up/first", "made-up/second"}


def _other_base(raw: dict[str, Any]) -> None:
    raw["base"]["use"] = "another-base"


def _other_rl(raw: dict[str, Any]) -> None:
    raw["rl"]["steps"] = 7


def _other_data(raw: dict[str, Any]) -> None:
    raw["data"]["rl"]["examples"] = 9


def _other_benchmark(raw: dict[str, Any]) -> None:
    raw["benchmarks"][0]["temperature"] = 0.5


@pytest.mark.parametrize("change", [_other_base, _other_rl, _other_data, _other_benchmark])
def test_track_is_split_by_what_differs_in_the_recipe(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    raw = deepcopy(RECIPE)
    change(raw)
    put(tmp_path, "first", ONE_SEED)
    put(tmp_path, "second", FEWER, recipe=raw)
    assert [len(board.standings) for board in leaderboard(tmp_path).strategies] == [4, 2]


@pytest.mark.parametrize("component", ["benchmark dag-6", "grader miniature-check", "trainer local-grpo"])
def test_forged_mixture_of_metric_versions_is_split(tmp_path: Path, component: str) -> None:
    put(tmp_path, "first", ONE_SEED)
    put(tmp_path, "second", FEWER, components={**COMPONENTS, component: "2"})
    board = leaderboard(tmp_path)
    assert [len(one.standings) for one in board.strategies] == [4, 2]
    assert f"{component} 2" in board.strategies[1].track.versions


def test_version_of_a_proxy_does_not_split_a_track(tmp_path: Path) -> None:
    put(tmp_path, "first", ONE_SEED)
    put(tmp_path, "second", FEWER, components={**COMPONENTS, "proxy pass@k": "2", "trainer local-sft": "8"})
    assert len(leaderboard(tmp_path).strategies) == 1


def test_what_leaves_the_outcome_alone_does_not_split_a_track(tmp_path: Path) -> None:
    raw = deepcopy(RECIPE)
    raw["rl"]["evaluate_at"] = [2]
    raw["benchmarks"][0]["samples"] = 64
    raw["notes"] = "why"
    put(tmp_path, "first", ONE_SEED)
    put(tmp_path, "second", FEWER, recipe=raw)
    assert len(leaderboard(tmp_path).strategies) == 1


def test_other_problems_are_another_track(tmp_path: Path) -> None:
    put(tmp_path, "first", ONE_SEED)
    put(tmp_path, "second", FEWER, first=1)
    assert len(leaderboard(tmp_path).strategies) == 2


def test_unknown_recipes_and_files_of_one_machine_share_no_track(tmp_path: Path) -> None:
    raw = deepcopy(RECIPE)
    raw["base"] = {"use": "folder", "path": "models/base"}
    put(tmp_path, "first", ONE_SEED, recipe=raw)
    put(tmp_path, "second", FEWER, recipe=raw)
    put(tmp_path, "third", {"A": FEWER["A"], "F": FEWER["E"]}, recipe={"what": "no digest fits"})
    path = put(tmp_path, "fourth", {"A": FEWER["A"], "G": FEWER["E"]})
    edit(path, recipe_digest="0" * 64)
    boards = leaderboard(tmp_path).strategies
    assert len(boards) == 4
    assert {one.track.alone for one in boards} == {
        "its recipe names files of one machine",
        "its recipe is not beside it",
        "its recipe does not name base, RL and benchmarks",
    }


def test_unrecorded_versions_are_those_of_the_distribution(tmp_path: Path) -> None:
    put(tmp_path, "first", ONE_SEED)
    path = put(tmp_path, "second", FEWER)
    about = json.loads(path.read_text(encoding="utf-8"))["submission"]
    edit(path, submission={**about, "components": None})
    boards = leaderboard(tmp_path).strategies
    assert [one.track.versions for one in boards][1] == ("posttrain-harness 0.1.0",)
    assert any("not recorded" in note for note in boards[1].notes)


def test_families_are_ranked_apart(tmp_path: Path) -> None:
    path = put(tmp_path, "first", ONE_SEED)
    result = json.loads(path.read_text(encoding="utf-8"))
    result["candidates"][3]["family"] = "Qwen"
    edit(path, candidates=result["candidates"])
    boards = leaderboard(tmp_path).strategies
    assert [len(one.standings) for one in boards] == [3, 1]
    assert boards[1].reason == "one candidate: nothing to compare it with"


def test_few_problems_give_no_ranks(tmp_path: Path) -> None:
    put(tmp_path, "first", {"A": [[1] * 19], "D": [[0] * 19]})
    (board,) = leaderboard(tmp_path).strategies
    assert board.reason == "insufficient (19 problems < 20)"
    assert all(one.ranks is None for one in board.standings)


def test_counts_that_give_another_outcome_are_left_out(tmp_path: Path) -> None:
    path = put(tmp_path, "first", ONE_SEED).with_suffix(".counts.parquet")
    columns = dict(read_table(path))
    columns["num_correct"] = columns["num_correct"].copy()
    columns["num_correct"][-1] = 1
    write_table(path, columns)
    board = leaderboard(tmp_path)
    assert not board.strategies
    assert "comes to 0.0416667 from the counts and stands as 0.0" in board.left_out[0].why


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda p: p.with_suffix(".counts.parquet").unlink(), "no per-problem counts"),
        (lambda p: p.write_text("{"), "not JSON"),
        (lambda p: p.write_text('{"schema_version": 9}'), "schema version 1"),
        (lambda p: edit(p, candidates=[]), "does not fit"),
        (lambda p: edit(p, submission={"withdrawn": "a bug"}), "withdrawn: a bug"),
        (lambda p: p.rename(p.with_name("Ä b.json")), "name 'Ä b'"),
        (lambda p: (p.rename(p.parents[3] / "x.json"), p.symlink_to(p.parents[3] / "x.json")), "symbolic link"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_its_reason(tmp_path: Path, spoil: Callable[[Path], object], why: str) -> None:
    registry = tmp_path / "registry"
    spoil(put(registry, "first", ONE_SEED))
    put(registry, "second", FEWER)
    board = leaderboard(registry)
    assert [one.why for one in board.left_out if why in one.why]
    assert [len(one.standings) for one in board.strategies] == [2]


def test_same_numbers_twice_count_once(tmp_path: Path) -> None:
    first = put(tmp_path, "first", ONE_SEED)
    for suffix in (".json", ".counts.parquet"):
        first.with_name(f"second{suffix}").write_bytes(first.with_suffix(suffix).read_bytes())
    board = leaderboard(tmp_path)
    assert len(board.strategies[0].standings) == 4
    assert board.left_out[0].why == "the same numbers as made-up/first, which stands for it"


def test_folder_that_is_no_registry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither results/ nor studies/"):
        leaderboard(tmp_path)


def test_empty_registry_gives_empty_boards(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    found = leaderboard(tmp_path).to_json()
    assert found["strategies"] == found["proxies"] == found["results"] == []
