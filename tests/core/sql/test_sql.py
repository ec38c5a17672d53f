"""SQL over a store: the views hold what the files hold, and a query neither writes nor looks elsewhere."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.registry.made_up import make_run
from harness import MissingError, UserError
from harness.cli.main import call
from harness.sql import ask, columns
from harness.sql.views import ABOUT

HOSTILE = "it's\x1b[31m\u202eodd"


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def artifact(store: Path, kind: str, key: str, inputs: dict[str, str]) -> Path:
    place = store / "artifacts" / kind / key
    manifest = {"kind": kind, "key": key, "seed": 0, "seconds": 2.5, "tokens": 7, "attempts": 1, "inputs": inputs}
    write_json(place / "manifest.json", manifest)
    return place


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one study that has ended, one that has not, and the samples of one grade."""
    store = tmp_path_factory.mktemp("it's a [store]") / "store*"
    folder = store / "studies/made-up-12345678"
    run = make_run(folder)
    run.result["candidates"][0]["name"] = HOSTILE
    write_json(folder / "result.json", run.result)
    steps = [{"kind": "grade", "key": "g0", "title": "grade"}, {"kind": "analyze", "key": "a0", "title": "analyze"}]
    write_json(folder / "plan.json", {"study": "made up", "digest": "0", "steps": steps})
    write_json(store / "studies/other-1/plan.json", {"study": "other", "digest": "1", "steps": [{**steps[0], "key": "g9"}]})
    artifact(store, "analyze", "a0", {"pre/1/3/0": "grade/g0", "pre/1/3/1": "grade/gone", "sft/1/3": "train/t0"})
    place = artifact(store, "grade", "g0", {"samples/0": "sample/s0", "samples/1": "sample/s1"})
    keys = [("p1", 0), ("p1", 1), ("p2", 0)]
    graded = {
        "problem_id": [p for p, _ in keys],
        "index": [i for _, i in keys],
        "num_tokens": [5, 6, 7],
        "truncated": [False, False, True],
        "logprob": [-1.0, float("nan"), -3.0],
        "entropy": [0.5, 0.25, 0.125],
        "correct": [True, False, False],
        "answer": ["4", None, "6"],
    }
    pq.write_table(pa.table(graded), place / "grades.parquet")
    for number, rows in enumerate((keys[2:], keys[:2])):
        texts = {"problem_id": [p for p, _ in rows], "index": [i for _, i in rows], "text": [f"{p}/{i}" for p, i in rows]}
        pq.write_table(pa.table(texts), artifact(store, "sample", f"s{number}", {}) / "part-00000.parquet")
    return store


def answer(store: Path, query: str) -> list[tuple[Any, ...]]:
    with ask(store, query) as found:
        return list(found.rows)


def test_views_hold_what_the_result_holds(store: Path) -> None:
    result = json.loads((store / "studies/made-up-12345678/result.json").read_text())
    assert answer(store, "SELECT study, finished, num_candidates, numbers_digest FROM studies ORDER BY study") == [
        ("made up", True, 5, result["numbers_digest"]),
        ("other", False, None, None),
    ]
    assert answer(store, "SELECT candidate, outcome, outcome_low, gain FROM candidates") == [
        (one["name"], one["outcome"]["value"], one["outcome"]["low"], one["gain"]["value"]) for one in result["candidates"]
    ]
    assert answer(store, "SELECT proxy, step, is_end, spearman, verdict FROM proxies WHERE is_end") == [
        (row["name"], 6, True, row["spearman"]["value"], row["verdict"]) for row in result["proxies"]
    ]
    assert answer(store, "SELECT DISTINCT step FROM proxies ORDER BY 1") == [(3,), (6,)]
    (base,) = (one for one in result["candidates"] if one["name"] == "base")
    query = "SELECT proxy, value FROM readings WHERE candidate = 'base' ORDER BY proxy"
    assert answer(store, query) == sorted((name, reading["value"]) for name, reading in base["proxies"].items())
    query = "SELECT k, value FROM pass_at WHERE candidate = 'base' AND phase = 'post' ORDER BY k"
    assert answer(store, query) == [(k, base["post"][f"pass@{k}"]["value"]) for k in (1, 2, 4)]


def test_counts_are_those_of_the_file(store: Path) -> None:
    table = pq.read_table(store / "studies/made-up-12345678/counts.parquet").to_pydict()
    query = "SELECT study, count(*), sum(num_correct), sum(num_samples) FROM counts GROUP BY study"
    assert answer(store, query) == [("made up", len(table["seed"]), sum(table["num_correct"]), sum(table["num_samples"]))]


def test_samples_are_found_with_their_texts_by_candidate_and_benchmark(store: Path) -> None:
    query = 'SELECT candidate, phase, seed, benchmark, problem_id, "index", correct, answer, text FROM samples ORDER BY 5, 6'
    head = ("8 examples", "pre", 3, "dag-6")
    assert answer(store, query) == [
        (*head, "p1", 0, True, "4", "p1/0"),
        (*head, "p1", 1, False, None, "p1/1"),
        (*head, "p2", 0, False, "6", "p2/0"),
    ]


def test_steps_say_what_stands_and_what_it_took(store: Path) -> None:
    assert answer(store, "SELECT study, kind, done, seconds, tokens FROM steps ORDER BY study, kind") == [
        ("made up", "analyze", True, 2.5, 7),
        ("made up", "grade", True, 2.5, 7),
        ("other", "grade", False, None, None),
    ]


def test_store_without_anything_finished_has_every_view_empty(tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    for name in ABOUT:
        assert answer(tmp_path, f"FROM {name}") == []
    assert columns(tmp_path)["samples"].keys() >= {"text", "correct", "candidate"}


def test_views_have_the_same_columns_with_and_without_files(store: Path, tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    assert columns(store) == columns(tmp_path)


@pytest.mark.parametrize(
    "query",
    [
        "COPY candidates TO '{store}/artifacts/x.csv'",
        "CREATE TABLE x AS SELECT 1",
        "DELETE FROM studies",
        "ATTACH '{outside}' AS x",
        "SET enable_external_access=true",
        "INSTALL httpfs",
        "PRAGMA database_list",
        "EXPLAIN ANALYZE COPY candidates TO '{store}/artifacts/x.csv'",
        "SELECT 1; SELECT 2",
        "",
    ],
)
def test_only_one_select_is_answered(store: Path, tmp_path: Path, query: str) -> None:
    with pytest.raises(UserError, match="one SELECT is answered"):
        answer(store, query.format(store=str(store).replace("'", "''"), outside=tmp_path / "x.db"))
    assert not (store / "artifacts/x.csv").exists() and not (tmp_path / "x.db").exists()


@pytest.mark.parametrize(
    "function", ["read_text", "read_csv", "read_json", "read_parquet", "read_blob", "glob", "sniff_csv", "parquet_schema"]
)
def test_no_file_outside_the_store_is_read(store: Path, tmp_path: Path, function: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    inside = str(store).replace("'", "''")
    dots = "/.." * len((store / "studies").parts)
    for path in (str(secret), f"{inside}/studies{dots}{secret}", "http://127.0.0.1:9/x.csv"):
        with pytest.raises(UserError, match=r"^sql: .*(Permission|disabled|extension)"):
            answer(store, f"FROM {function}('{path}')")


def test_wrong_sql_is_told_in_one_line(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for query in ("SELEC 1", "SELECT nonsense FROM studies", "SELECT * FROM candidate", "SELECT 1/"):
        assert call(["sql", query, "--store", str(store)]) == 2
        told = capsys.readouterr().err
        assert told.startswith("sql: ") and told.count("\n") == 1 and "see harness sql --schema" in told
    assert call(["sql", "SELECT 'x'::INT FROM studies", "--store", str(store)]) == 2
    assert "Conversion Error" in capsys.readouterr().err


def test_missing_store_and_missing_package_are_told(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingError, match="has no studies; name another with --store"):
        answer(tmp_path, "SELECT 1")
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingError, match=r"posttrain-harness\[sql\]"):
        answer(store, "SELECT 1")


def test_command_prints_json_csv_and_a_table(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "SELECT candidate, outcome, logprob, [1, 2] AS l, DATE '2026-01-01' AS d FROM candidates LEFT JOIN samples "
    query += "USING (candidate) WHERE examples = 10 AND (logprob IS NULL OR isnan(logprob)) ORDER BY 1"
    arguments = ["sql", query, "--store", str(store)]
    assert call([*arguments, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["candidate"] for row in rows} >= {HOSTILE, "base"} and rows[0]["l"] == [1, 2]
    assert rows[0]["logprob"] is None and rows[0]["d"] == "2026-01-01"
    assert call([*arguments, "--csv"]) == 0
    lines = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert lines[0][:2] == ["candidate", "outcome"] and len(lines) == 1 + len(rows)
    assert call(arguments) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "\u202e" not in shown and "\\x1b[31m" in shown
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 1 AS one WHERE false"))
    assert call(["sql", "-", "--store", str(store), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_json_with_two_columns_of_one_name_is_refused(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["sql", "SELECT 1 AS a, 2 AS a", "--store", str(store), "--json"]) == 2
    assert "two columns are called 'a'" in capsys.readouterr().err


def test_schema_lists_every_view_with_its_columns(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["sql", "--schema", "--store", str(store)]) == 0
    shown = capsys.readouterr().out
    assert all(f"{name}: " in shown for name in ABOUT) and "    num_correct  BIGINT" in shown
    assert call(["sql", "--schema", "--store", str(store), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["samples"]["columns"]["text"] == "VARCHAR"
    assert call(["sql", "--store", str(store)]) == 2
    assert call(["sql", "SELECT 1", "--json", "--csv", "--store", str(store)]) == 2


def test_long_answers_are_cut_for_people_and_whole_for_machines(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    query = "SELECT * FROM range(2500) t(i)"
    assert call(["sql", query, "--store", str(store)]) == 0
    said = capsys.readouterr()
    assert "more than 200 rows" in said.err and "2499" not in said.out
    assert call(["sql", query, "--store", str(store), "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2499"


def test_examples_in_the_docs_are_answered(store: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/commands.md").read_text(encoding="utf-8")
    examples = re.findall(r'^    harness sql "(.+?)"', page, re.MULTILINE)
    assert len(examples) == 3
    assert [len(answer(store, query)) for query in examples] == [8, 0, 12]
