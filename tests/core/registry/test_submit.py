"""Submitting: what is written passes; what verify would refuse is not written; reproductions are held to the first run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.registry.made_up import NAME, entry_of, make_run
from harness import MissingError, UserError
from harness.cli.main import call
from harness.registry import Run, find_run, reproduce, submit, verify
from harness.result.compose import numbers_digest


def test_submission_of_a_maintainer_is_recomputed(run: Run, tmp_path: Path) -> None:
    written = submit(run, tmp_path, name="own", by="somebody", recomputed=True)
    assert (written.name, written.tier, written.notes) == ("made-up/own", "recomputed", ())
    found = verify(tmp_path)
    assert found.faults == [] and found.entries[0].submission["checks"][0]["by"] == "somebody"
    (entry,) = found.entries
    assert {name: part for name, part in entry.result.items() if name != "submission"} == run.result


def test_name_that_leaves_the_folder_is_refused(run: Run, tmp_path: Path) -> None:
    for name in ("../x", "a/b", "..", "UPPER", "a\x00b", "x" * 99):
        with pytest.raises(UserError, match=r"use lower-case letters.*choose another with --name"):
            submit(run, tmp_path, name=name)
    assert not (tmp_path / "results").exists()


def test_run_is_submitted_once(run: Run, registry: Path) -> None:
    with pytest.raises(UserError, match="stands already"):
        submit(run, registry, name="first")
    with pytest.raises(UserError, match="is made-up/first again; note a second run with --reproduces made-up/first"):
        submit(run, registry, name="second")
    assert len(list((registry / "results/made-up").iterdir())) == 2


def test_forged_result_is_not_written(run: Run, tmp_path: Path) -> None:
    forged = json.loads(json.dumps(run.result))
    forged["candidates"][0]["outcome"]["value"] = 0.9
    forged["numbers_digest"] = numbers_digest(forged)
    with pytest.raises(UserError, match=r"outcome\.value: stands as 0\.9"):
        submit(replace(run, result=forged), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_reading_that_counts_do_not_give_is_refused_though_all_else_follows_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import core.registry.made_up as made_up

    honest = made_up._reading

    def flattering(use, one, rng):
        reading = honest(use, one, rng)
        if use.label != "headroom@8" or one.name != "base":
            return reading
        return replace(reading, by_seed={seed: {**row, "value": 0.75} for seed, row in reading.by_seed.items()})

    monkeypatch.setattr(made_up, "_reading", flattering)
    with pytest.raises(UserError, match=r"candidates\['base'\]\.proxies\['headroom@8'\], seed 3: stands as 0\.75"):
        submit(make_run(tmp_path / "run"), tmp_path)


def test_second_run_with_the_same_numbers_makes_an_entry_reproduced(registry: Path, tmp_path: Path) -> None:
    again = make_run(tmp_path / "again", seconds=99.0)
    assert reproduce(again, registry, NAME, by="another").tier == "reproduced"
    found = verify(registry)
    assert found.faults == [] and found.entries[0].submission["tier"] == "reproduced"
    assert found.entries[0].submission["checks"][-1]["seconds"] == 99.0


def test_other_numbers_other_recipe_or_the_first_run_are_no_reproduction(run: Run, registry: Path, tmp_path: Path) -> None:
    before = entry_of(registry).read_bytes()
    with pytest.raises(UserError, match="this is the first run"):
        reproduce(run, registry, NAME)
    with pytest.raises(UserError, match="counts differ"):
        reproduce(make_run(tmp_path / "other", seed=6, seconds=3.0), registry, NAME)
    with pytest.raises(UserError, match="the recipe is another"):
        reproduce(replace(run, recipe={**run.recipe, "seeds": [1, 2]}), registry, NAME)
    slow = make_run(tmp_path / "slow", seconds=3.0)
    slow.result["candidates"][0]["proxies"]["fixed-set-loss"]["value"] += 0.5
    with pytest.raises(UserError, match="fixed-set-loss"):
        reproduce(slow, registry, NAME)
    for name in ("made-up/none", "../first", "first"):
        with pytest.raises(MissingError, match="not in"):
            reproduce(slow, registry, name)
    assert entry_of(registry).read_bytes() == before


def test_run_that_has_not_ended_or_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "store/studies/small-12345678"
    study.mkdir(parents=True)
    (study / "plan.json").write_text('{"study": "small", "steps": []}')
    with pytest.raises(MissingError, match=r"has no result.json"):
        find_run("small", tmp_path / "store")
    assert call(["submit", "smal", "--store", str(tmp_path / "store")]) == 2
    assert "neither a path nor a study of" in (told := capsys.readouterr().err) and "did you mean 'small'?" in told


def test_component_that_the_recipe_names_and_no_step_ran_gets_its_version(run: Run, tmp_path: Path) -> None:
    without = [one for one in run.components if one["name"] != "miniature-base"]
    assert len(without) == len(run.components) - 1
    submit(replace(run, components=without), tmp_path)
    (entry,) = verify(tmp_path).entries
    assert {(one["kind"], one["name"]) for one in entry.submission["components"]} == {
        (one["kind"], one["name"]) for one in run.components
    }
