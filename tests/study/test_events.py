"""Events of a run for machines, and a run watched from another terminal: real processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from study.small_study import COMMAND
from study.toy_study import PLUGIN, TOY, changed, invoke

PAGE = Path(__file__).parents[2] / "docs/events.md"


def rows_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def documented() -> dict[str, set[str]]:
    """Return the fields that docs/events.md lists, by event."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"\| `(\w+)` \| (.*?) \| [^|]* \|$", line):
            plain = re.sub(r"\([^)]*\)", "", match[2])
            found[match[1]] = set(re.findall(r"`(\w+)`", plain))
    return found


def test_events_are_one_json_object_a_line_as_documented(tmp_path: Path) -> None:
    done = invoke(tmp_path, TOY, "run", "--json-events")
    assert done.returncode == 0, done.stderr
    told = rows_of(done.stdout)
    assert "pass@8" in done.stderr, "tables are for people"
    for row in told:
        assert set(row) == {"event", "time"} | documented()[row["event"]]
    assert set(documented()) - {row["event"] for row in told} <= {"step_failed", "step_progressed"}
    assert told[0]["event"] == "study_started" and told[-1]["event"] == "study_finished"
    assert Path(told[-1]["result"]).is_file() and told[-1]["status"] == "done"
    assert sum(row["event"] == "step_finished" for row in told) == told[0]["steps"] - told[0]["cached"]
    (kept,) = (tmp_path / "store").glob("studies/*/events.jsonl")
    assert rows_of(kept.read_text()) == [row for row in told if row["event"] != "step_progressed"]
    again = rows_of(invoke(tmp_path, TOY, "run", "--json-events").stdout)
    assert [row["event"] for row in again] == ["study_started", "study_finished"]
    assert again[0]["cached"] == again[0]["steps"]


def test_failed_run_says_so_in_events_and_exits_1(tmp_path: Path) -> None:
    flag = tmp_path / "fail"
    flag.touch()
    done = invoke(tmp_path, changed("candidates.1.sft", {"fail_while": str(flag)}), "run", "--json-events")
    assert done.returncode == 1
    told = rows_of(done.stdout)
    (failed,) = (row for row in told if row["event"] == "step_failed")
    assert set(failed) == {"event", "time"} | documented()["step_failed"] and Path(failed["log"]).is_file()
    assert (told[-1]["status"], told[-1]["result"]) == ("failed", None)


def test_study_goes_on_when_the_reader_of_its_events_goes_away(tmp_path: Path) -> None:
    (tmp_path / "toy.json").write_text(json.dumps(TOY))
    command = [str(COMMAND), "run", str(tmp_path / "toy.json"), "--store", str(tmp_path / "store"), "--plugin", str(PLUGIN)]
    process = subprocess.Popen(
        [*command, "--json-events"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "HARNESS_PROGRESS": "off"},
    )
    assert process.stdout is not None and process.stderr is not None
    assert json.loads(process.stdout.readline())["event"] == "study_started"
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(120) == 0, said
    assert list((tmp_path / "store").glob("studies/*/result.json")) and "Broken" not in said


def test_running_study_is_watched_from_another_process(tmp_path: Path) -> None:
    (tmp_path / "toy.json").write_text(json.dumps(TOY))
    store = ["--store", str(tmp_path / "store")]
    run = subprocess.Popen(
        [str(COMMAND), "run", str(tmp_path / "toy.json"), *store, "--plugin", str(PLUGIN), "--json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list((tmp_path / "store").glob("studies/*/events.jsonl")):
        time.sleep(0.02)
    watched = subprocess.run([str(COMMAND), "status", "--watch", *store], capture_output=True, text=True, timeout=120)
    assert run.wait(60) == 0 and watched.returncode == 0, watched.stderr
    lines = watched.stdout.splitlines()
    assert re.match(r"toy: \d+/\d+ steps, ", lines[0])
    assert re.match(r"done after \d+ s", lines[-1]) and any("analyze: done in" in line for line in lines)


def test_finished_toy_study_is_submitted_and_asked(tmp_path: Path) -> None:
    """A plug-in's own components, from end to end: its recipe cannot be laid out by others, and is said not to be."""
    assert invoke(tmp_path, TOY).returncode == 0
    store = ["--store", str(tmp_path / "store")]

    def harness(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(COMMAND), *arguments], capture_output=True, text=True, timeout=120, check=False)

    done = harness("submit", "toy", *store, "--registry", str(tmp_path / "registry"), "--name", "first")
    assert done.returncode == 0, done.stderr
    assert "not held against its recipe" in done.stderr and "open a pull request" in done.stderr
    verified = harness("registry", "verify", str(tmp_path / "registry"), "--json")
    assert verified.returncode == 0 and json.loads(verified.stdout)["entries"][0]["name"] == "toy/first"
    asked = harness("sql", "SELECT count(*) n, sum(correct::INT) c FROM samples WHERE phase = 'pre'", *store, "--json")
    counted = harness(
        "sql", "SELECT sum(num_samples) n, sum(num_correct) c FROM counts WHERE phase = 'pre'", *store, "--json"
    )
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout) == json.loads(counted.stdout)
