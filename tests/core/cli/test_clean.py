"""`harness clean` frees what it says, and never what somebody uses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.clean import human_bytes
from harness.cli.main import call
from harness.store import Ref, Store, write_json


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one study (steps a and b; b unfinished), an unused artifact c, and a leftover of a."""
    store = Store(tmp_path / "store")
    store.prepare()
    for kind, key in (("train", "a"), ("sample", "c")):
        folder = store.artifact(Ref(kind, key))
        folder.mkdir(parents=True)
        (folder / "data").write_bytes(b"x" * 1000)
        write_json(folder / "manifest.json", {})
    for key in ("a", "b", "lost"):
        store.work(key).mkdir()
        (store.work(key) / "log.txt").write_text("log")
        store.lock(key).acquire(timeout=0).lock.release()
    study = store.study("my study", "0123456789")
    study.mkdir()
    write_json(study / "plan.json", {"steps": [{"kind": "train", "key": "a"}, {"kind": "sample", "key": "b"}]})
    return store


def folders(store: Store) -> set[str]:
    found = [*store.root.glob("work/*"), *store.root.glob("artifacts/*/*"), *store.root.glob("studies/*")]
    return {path.relative_to(store.root).as_posix() for path in found}


EVERYTHING = {"work/a", "work/b", "work/lost", "artifacts/train/a", "artifacts/sample/c", "studies/my-study-01234567"}


@pytest.mark.parametrize(
    ("option", "gone"),
    [
        ("--work", {"work/a", "work/lost"}),
        ("--failed", {"work/b"}),
        ("--unused", {"artifacts/sample/c"}),
        ("--all", EVERYTHING),
    ],
)
def test_clean_removes_what_the_option_names_and_nothing_else(option, gone, store: Store, capsys) -> None:
    assert call(["clean", "--store", str(store.root), option, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {Path(f["path"]).relative_to(store.root).as_posix() for f in told["folders"]} == gone
    assert folders(store) == EVERYTHING
    assert call(["clean", "--store", str(store.root), option, "--yes"]) == 0
    assert folders(store) == EVERYTHING - gone
    assert f"in {len(gone)} folders" in capsys.readouterr().out
    assert not (store.root / "trash").exists()


def test_clean_without_an_option_shows_and_removes_nothing(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["clean", "--store", str(store.root)]) == 0
    assert "nothing was removed" in capsys.readouterr().out
    assert call(["clean", "--store", str(store.root), "--json"]) == 0
    could_go = json.loads(capsys.readouterr().out)["could_go"]
    assert {group: row["folders"] for group, row in could_go.items()} == {
        "leftover": 2,
        "unfinished": 1,
        "unused": 1,
        "used": 1,
        "study": 1,
    }
    assert folders(store) == EVERYTHING


def test_clean_asks_nobody_and_removes_nothing_without_a_terminal(store: Store) -> None:
    command = [sys.executable, "-c", "from harness.cli import main; main()", "clean", "--store", str(store.root), "--all"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 2 and "--yes" in done.stderr
    assert folders(store) == EVERYTHING


def test_clean_keeps_all_of_a_study_whose_step_another_process_works_on(store: Store, capsys) -> None:
    code = f"""
import sys
from pathlib import Path
from harness.store import Store
with Store(Path({str(store.root)!r})).lock("b").acquire():
    print("held", flush=True)
    sys.stdin.read()
"""
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin and holder.stdout and holder.stdout.readline() == "held\n"
    try:
        assert call(["clean", "--store", str(store.root), "--all", "--yes"]) == 0
        assert folders(store) == {"work/a", "work/b", "artifacts/train/a", "studies/my-study-01234567"}
        assert "kept 4 folders" in capsys.readouterr().out
    finally:
        holder.stdin.close()
        holder.wait(timeout=30)
        holder.stdout.close()
    assert call(["clean", "--store", str(store.root), "--all", "--yes"]) == 0
    assert folders(store) == set()


def test_clean_removes_a_link_and_not_what_it_points_to(store: Store, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("keep")
    (store.root / "work" / "link").symlink_to(precious)
    assert call(["clean", "--store", str(store.root), "--work", "--yes"]) == 0
    assert not (store.root / "work" / "link").is_symlink()
    assert (precious / "file").read_text() == "keep"


def test_clean_finishes_what_a_killed_clean_began(store: Store) -> None:
    left = store.root / "trash" / "old.1"
    left.mkdir(parents=True)
    (left / "file").write_text("x")
    assert call(["clean", "--store", str(store.root), "--work", "--yes"]) == 0
    assert not (store.root / "trash").exists()


def test_clean_refuses_a_folder_that_is_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "artifacts" / "mine" / "thesis").mkdir(parents=True)
    assert call(["clean", "--store", str(tmp_path), "--all", "--yes"]) == 2
    assert "no store is there" in capsys.readouterr().err
    assert (tmp_path / "artifacts" / "mine" / "thesis").is_dir()


def test_clean_stops_where_a_plan_cannot_be_read(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    (store.root / "studies" / "my-study-01234567" / "plan.json").write_text("{")
    assert call(["clean", "--store", str(store.root), "--unused", "--yes"]) == 1
    assert "plan.json" in capsys.readouterr().err
    assert folders(store) == EVERYTHING


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2.5e6, "2.5 MB"), (3e12, "3000.0 GB")]
)
def test_human_bytes_picks_the_unit(size: int, text: str) -> None:
    assert human_bytes(size) == text
