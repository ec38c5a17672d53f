"""A study that is killed, interrupted, or run twice at once ends as if nothing had happened."""

import contextlib
import json
import os
import random
import signal
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from study.small_study import Harness, kill_group, processes_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def samples(store: Path) -> dict[str, list[dict]]:
    """All samples of a store by step and shard, texts included."""
    files = sorted(store.glob("artifacts/sample/*/part-*.parquet"))
    return {f"{f.parent.name}/{f.name}": pq.read_table(f).to_pylist() for f in files}


def at_work(store: Path) -> dict[str, dict]:
    """What the steps in progress say of themselves, by key."""
    found = {}
    for file in store.glob("work/*/progress.json"):
        with contextlib.suppress(OSError):
            found[file.parent.name] = json.loads(file.read_text())
    return found


def test_study_equals_the_undisturbed_one_when_killed_ten_times(harness: Harness, undisturbed: tuple[dict, Path]) -> None:
    expected, calm_store = undisturbed
    store = harness.folder / "store"
    rng = random.Random(20261122)
    for _ in range(10):
        process = harness.start(store)
        time.sleep(rng.uniform(0.2, 9.0))
        kill_group(process)
    result = harness.finish(store)
    assert result["numbers_digest"] == expected["numbers_digest"]
    assert samples(store) == samples(calm_store)
    for rows in samples(store).values():
        places = [(row["problem_id"], row["index"]) for row in rows]
        assert len(places) == len(set(places))
    weights = "artifacts/train/*/final/model.safetensors"
    assert [f.read_bytes() for f in sorted(store.glob(weights))] == [
        f.read_bytes() for f in sorted(calm_store.glob(weights))
    ]
    assert not list((store / "work").iterdir())


def test_cost_adds_up_over_attempts_when_killed(harness: Harness) -> None:
    store = harness.folder / "store"
    process = harness.start(store)
    deadline = time.monotonic() + 120
    spent: dict[str, dict] = {}
    while time.monotonic() < deadline and not spent:
        time.sleep(0.02)
        spent = {key: row for key, row in at_work(store).items() if row["seconds"] > 0.5}
    kill_group(process)
    spent = at_work(store)
    assert spent
    harness.finish(store)
    for key, row in spent.items():
        manifest = json.loads(next(store.glob(f"artifacts/*/{key}/manifest.json")).read_text())
        assert manifest["attempts"] == row["attempt"] + 1
        assert manifest["seconds"] >= row["seconds"]


def test_two_runs_share_the_work_when_started_at_once(harness: Harness, undisturbed: tuple[dict, Path]) -> None:
    store = harness.folder / "store"
    both = [harness.start(store), harness.start(store)]
    ends = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    results = [json.loads(out) for out, _ in ends]
    assert {r["numbers_digest"] for r in results} == {undisturbed[0]["numbers_digest"]}
    events = [json.loads(line) for f in store.glob("studies/*/events.jsonl") for line in f.read_text().splitlines()]
    made = [e["step"]["key"] for e in events if e["event"] == "step_finished" and not e["elsewhere"]]
    assert len(made) == len(set(made)) == len(list(store.glob("artifacts/*/*/manifest.json")))
    attempts = [json.loads(f.read_text())["attempts"] for f in store.glob("artifacts/*/*/manifest.json")]
    assert set(attempts) == {1}


def has_ended(group: int) -> bool:
    """Wait for every process of a group to be gone: a busy machine buries the last ones a moment after their parent."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and processes_of(group):
        time.sleep(0.1)
    return not processes_of(group)


def test_ctrl_c_ends_within_five_seconds_and_leaves_no_process(harness: Harness) -> None:
    store = harness.folder / "store"
    process = harness.start(store)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(store.glob("artifacts/train/*")):
        time.sleep(0.1)
    start = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - start < 5
    assert process.returncode == 130
    assert "run the same command to go on" in err
    assert "Traceback" not in err
    assert has_ended(process.pid)


def test_workers_die_with_the_main_process_when_it_is_killed(harness: Harness) -> None:
    process = harness.start(harness.folder / "store")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and len(processes_of(process.pid)) < 3:
        time.sleep(0.1)
    assert len(processes_of(process.pid)) >= 3
    process.kill()
    process.communicate()
    assert has_ended(process.pid)


def test_second_run_does_no_work_and_gives_the_same_result(harness: Harness, undisturbed: tuple[dict, Path]) -> None:
    expected, store = undisturbed
    before = {f: f.stat().st_mtime_ns for f in store.glob("artifacts/*/*/manifest.json")}
    assert harness.finish(store) == expected
    assert {f: f.stat().st_mtime_ns for f in store.glob("artifacts/*/*/manifest.json")} == before
