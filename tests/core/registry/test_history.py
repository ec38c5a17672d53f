"""Append-only against git: standing entries are never edited or deleted; tiers rise."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from core.registry.made_up import NAME, Result, edit, entry_of
from harness.registry.history import history_faults

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, check=True, capture_output=True)


def commit(registry: Path) -> None:
    git(registry, "add", "-A")
    git(registry, "commit", "-qm", "x", "--allow-empty")


def faults(registry: Path) -> str:
    return "\n".join(map(str, history_faults(registry)[0]))


@pytest.fixture
def kept(registry: Path) -> Path:
    """A registry below the top of a repository, its entry committed."""
    git(registry.parent, "init", "-q")
    commit(registry)
    return registry


def spoil(result: Result) -> None:
    result["candidates"][0]["examples"] = 3


def withdraw(result: Result) -> None:
    result["submission"]["withdrawn"] = "the problems were in the training set"


def recompute(result: Result) -> None:
    check = {"tier": "recomputed", "by": "x", "on": "2026-12-01", "harness": "0.1.0", "numbers_digest": "0" * 64}
    result["submission"] |= {"tier": "recomputed", "checks": [check]}


def test_untouched_history_is_taken_and_a_second_entry_too(kept: Path) -> None:
    assert history_faults(kept) == ([], [])
    entry_of(kept).with_name("second.json").write_text("{}")
    commit(kept)
    assert history_faults(kept) == ([], [])


@pytest.mark.parametrize("is_committed", [False, True])
def test_edited_entry_is_refused_on_disk_and_in_history(kept: Path, is_committed: bool) -> None:
    edit(entry_of(kept), spoil)
    if is_committed:
        commit(kept)
    assert f"results/{NAME}.json: candidates of a standing entry was changed" in faults(kept)
    assert ("in commit" in faults(kept)) is is_committed


def test_edit_that_was_taken_back_is_still_told(kept: Path) -> None:
    before = entry_of(kept).read_text()
    edit(entry_of(kept), spoil)
    commit(kept)
    entry_of(kept).write_text(before)
    commit(kept)
    assert faults(kept).count("was changed") == 2


@pytest.mark.parametrize("is_committed", [False, True])
def test_deleted_entry_is_refused(kept: Path, is_committed: bool) -> None:
    entry_of(kept).unlink()
    if is_committed:
        commit(kept)
    assert "an entry was deleted" in faults(kept)


def test_entry_replaced_by_a_link_is_refused(kept: Path) -> None:
    entry_of(kept).rename(kept / "elsewhere.json")
    entry_of(kept).symlink_to(kept / "elsewhere.json")
    assert "an entry was deleted" in faults(kept)


def test_edit_in_a_merge_is_refused(kept: Path) -> None:
    git(kept, "checkout", "-qb", "side")
    (kept / "side.txt").write_text("x")
    commit(kept)
    git(kept, "checkout", "-q", "main")
    (kept / "main.txt").write_text("x")
    commit(kept)
    git(kept, "merge", "-q", "--no-commit", "side")
    edit(entry_of(kept), spoil)
    commit(kept)
    assert "was changed" in faults(kept)


def test_tiers_rise_and_entries_are_withdrawn_and_neither_goes_back(kept: Path) -> None:
    before = json.loads(entry_of(kept).read_text())
    edit(entry_of(kept), recompute)
    commit(kept)
    edit(entry_of(kept), withdraw)
    commit(kept)
    assert faults(kept) == ""
    entry_of(kept).write_text(json.dumps(before))
    told = faults(kept)
    assert "tier fell from 'recomputed' to 'self-reported'" in told
    assert "an earlier check was changed" in told and "a withdrawn entry was put back" in told


def test_what_the_submission_says_of_itself_is_never_edited(kept: Path) -> None:
    edit(entry_of(kept), lambda result: result["submission"].update(submitter="someone else"))
    assert "submission.submitter of a standing entry was changed" in faults(kept)


def test_result_that_was_no_submission_yet_may_become_one(registry: Path) -> None:
    path = entry_of(registry)
    whole = path.read_text()
    result = json.loads(whole)
    del result["submission"]
    path.write_text(json.dumps(result))
    git(registry.parent, "init", "-q")
    commit(registry)
    path.write_text(whole)
    assert history_faults(registry) == ([], [])


def test_folder_outside_git_is_said_to_be_unchecked(registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(registry.parent.parent))
    found, notes = history_faults(registry)
    assert found == [] and "append-only: not looked at" in notes[0]
    monkeypatch.setenv("PATH", "")
    assert "append-only: not looked at" in history_faults(registry)[1][0]


def test_shallow_clone_is_said_to_be_one(kept: Path, tmp_path: Path) -> None:
    (kept / "more.txt").write_text("x")
    commit(kept)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{kept.parent}", "clone")
    found, notes = history_faults(tmp_path / "clone" / kept.name)
    assert found == [] and "shallow" in notes[0]
