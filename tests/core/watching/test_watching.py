"""Watching: half lines wait, the store tells what stands, and hostile titles steer nothing."""

from __future__ import annotations

import io
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness import MissingError
from harness.cli.main import call
from harness.store import Store
from harness.watching import Tail, standing, watch
from harness.watching.journal import Journal
from harness.watching.screen import draw, duration

HOSTILE = "sft · \x1b[2J[red]x\u202e"


def step(title: str, key: str = "0") -> dict[str, Any]:
    return {"key": key, "kind": "train", "title": title, "candidate": None, "seed": 0}


def make_store(folder: Path, titles: list[str]) -> tuple[Store, Path]:
    """A store with one study and nothing done."""
    store = Store(folder / "store")
    store.prepare()
    study = store.root / "studies/toy-1"
    study.mkdir()
    steps = [{"kind": "train", "key": str(place), "title": title} for place, title in enumerate(titles)]
    (study / "plan.json").write_text(json.dumps({"study": "toy [bold]", "digest": "0", "steps": steps}))
    return store, study


def begin(store: Store, key: str, **more: Any) -> None:
    work = store.work(key)
    work.mkdir(parents=True, exist_ok=True)
    row = {"attempt": 2, "spent": 60.0, "seconds": 5.0, "done": 1, "total": 4, "note": "loss .42", "tokens": 0, **more}
    (work / "progress.json").write_text(json.dumps(row))


def finish(store: Store, key: str) -> None:
    place = store.root / "artifacts/train" / key
    place.mkdir(parents=True)
    (place / "manifest.json").write_text("{}")


def tell(study: Path, event: str, **more: Any) -> None:
    with (study / "events.jsonl").open("a") as file:
        file.write(json.dumps({"event": event, "time": time.time(), **more}) + "\n")


def drawn(store: Store, study: Path, journal: Journal) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=False)
    console.print(draw(standing(store, study), journal, time.time()))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_tail_waits_for_the_end_of_a_line_and_passes_over_what_is_no_object(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = Tail(path)
    assert tail.read() == []
    path.write_bytes(b'{"a": 1}\n{"a"')
    assert tail.read() == [{"a": 1}] and tail.read() == []
    with path.open("ab") as file:
        file.write(b': 2}\nnonsense\n[1]\n\xff\n{"a": 3}\n')
    assert tail.read() == [{"a": 2}, {"a": 3}]
    path.write_bytes(b'{"b": 1}\n')
    assert tail.read() == [{"b": 1}]


def test_standing_counts_what_stands_and_sees_who_holds_a_step(tmp_path: Path) -> None:
    store, study = make_store(tmp_path, ["one", "two", "three"])
    finish(store, "0")
    begin(store, "1")
    found = standing(store, study)
    assert (found.done, found.steps, found.state) == (1, 3, "stopped")
    (at_work,) = found.at_work
    assert (at_work.title, at_work.share, at_work.seconds, at_work.held) == ("two", 0.25, 65.0, False)
    with store.lock("1"):
        assert standing(store, study).state == "running"
    (study / "result.json").write_text("{}")
    assert standing(store, study).state == "done"


def test_journal_speaks_of_the_latest_run_only() -> None:
    journal = Journal()
    journal.add({"event": "study_started", "time": 100.0, "steps": 3, "cached": 0})
    journal.add({"event": "step_failed", "step": step("two"), "error": "boom\nmore", "log": None})
    assert journal.failed == {"two": "boom"}
    journal.add({"event": "study_finished", "status": "failed", "seconds": 3.0})
    assert journal.ended == "failed"
    journal.add({"event": "study_started", "time": 200.0, "steps": 3, "cached": 1})
    assert (journal.started, journal.ended, journal.failed, journal.finished) == (200.0, None, {}, 0)
    assert journal.add({"event": "step_finished", "step": step("two"), "seconds": 1.25, "elsewhere": False}) == (
        "two: done in 1.2 s"
    )
    assert journal.add({"event": "something new"}) is None and journal.add({"event": "step_finished"}) is not None


def test_screen_shows_steps_at_work_and_what_failed(tmp_path: Path) -> None:
    store, study = make_store(tmp_path, ["one", HOSTILE])
    finish(store, "0")
    begin(store, "1")
    journal = Journal()
    journal.add({"event": "study_started", "time": time.time() - 130, "steps": 2, "cached": 0})
    journal.add({"event": "step_failed", "step": step(HOSTILE), "error": "out of \x1b[31mmemory"})
    with store.lock("1"):
        shown = drawn(store, study, journal)
    assert "toy [bold]" in shown and "1/2 steps" in shown and "for 2 min 10 s" in shown
    assert "25%" in shown and "1 min 05 s" in shown and "loss .42" in shown and "attempt 2" in shown
    assert "FAILED sft · \\x1b[2J[red]x\\u202e: out of \\x1b[31mmemory" in shown
    assert "\x1b" not in shown and "\u202e" not in shown
    assert "no step at work just now" in drawn(store, study, journal)


def test_many_steps_at_work_are_summed_up(tmp_path: Path) -> None:
    store, study = make_store(tmp_path, [f"step {i}" for i in range(20)])
    locks = [store.lock(str(i)) for i in range(20)]
    for i, lock in enumerate(locks):
        begin(store, str(i), total=0)
        lock.acquire()
    assert "and 4 more steps at work" in drawn(store, study, Journal())
    for lock in locks:
        lock.release()


def test_durations_are_told_in_two_units() -> None:
    assert [duration(s) for s in (0.9, 59, 60, 3599, 3600, 90_061)] == [
        "0 s", "59 s", "1 min 00 s", "59 min 59 s", "1 h 00 min", "25 h 01 min",
    ]  # fmt: skip


@pytest.mark.parametrize("is_terminal", [False, True])
def test_watch_follows_a_run_to_its_end(tmp_path: Path, is_terminal: bool) -> None:
    store, study = make_store(tmp_path, ["one", "two"])
    tell(study, "study_started", steps=2, cached=0)
    finish(store, "0")
    out = io.StringIO()
    console = Console(file=out, force_terminal=is_terminal, width=100)
    ends: list[Any] = []
    looking = threading.Thread(target=lambda: ends.append(watch(store, study, console, interval_s=0.02)))
    looking.start()
    time.sleep(0.1)
    assert looking.is_alive()
    finish(store, "1")
    tell(study, "step_finished", step=step("two", "1"), seconds=0.5, tokens=0, elsewhere=False)
    tell(study, "study_finished", status="done", seconds=1.0)
    looking.join(20)
    assert not looking.is_alive() and ends[0].done == 2
    assert "two: done in 0.5 s" in out.getvalue()
    assert ("2/2 steps" in out.getvalue()) is is_terminal


def test_watch_ends_at_once_where_nothing_runs_and_after_a_while_where_a_run_died(tmp_path: Path) -> None:
    store, study = make_store(tmp_path, ["one"])
    out = io.StringIO()
    console = Console(file=out, force_terminal=False, width=100)
    assert watch(store, study, console).done == 0
    tell(study, "study_started", steps=1, cached=0)
    watch(store, study, console, interval_s=0.01, quiet_s=0.05)
    assert "no sign of life; stopped; run the same recipe to go on" in out.getvalue()


def test_command_chooses_a_study_and_suggests_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, _ = make_store(tmp_path, [HOSTILE])
    begin(store, "0")
    arguments = ["status", "--store", str(store.root)]
    assert call([*arguments, "toy-1"]) == 0
    shown = capsys.readouterr().out
    assert "toy [bold]  0/1 steps  stopped" in shown and "\x1b" not in shown
    assert call([*arguments, "toy [bol"]) == 2
    assert "did you mean 'toy [bold]'?" in capsys.readouterr().err
    assert call([*arguments, "--watch"]) == 0
    assert "toy [bold]: 0/1 steps" in capsys.readouterr().out
    assert call([*arguments, "--watch", "--json"]) == 2
    assert "harness run --json-events" in capsys.readouterr().err
    assert call(["status", "--store", str(tmp_path / "none"), "--watch"]) == MissingError.exit_code
