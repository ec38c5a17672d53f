"""`harness analyze` on tables that are right, and on those that are not."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from scipy import stats

from harness.cli.main import call

SHARED = Path(__file__).parents[3] / "shared" / "data"
ROWS = 14


def write(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [[f"c{i}", "llama" if i % 2 else "qwen", i / 20, (i * 7) % 11, -i / 10, i + (i * 5) % 4] for i in range(ROWS)]
    return write(tmp_path / "t.csv", ["name", "base", "score", "noise", "loss", "after"], rows)


def analyzed(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert call(["analyze", *map(str, arguments), "--resamples", "200", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_analyze_judges_every_numeric_column_when_none_is_named(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = analyzed(capsys, table, "--outcome", "after", "--label", "name")
    assert [p["name"] for p in found["proxies"]] == ["score", "noise", "loss"]
    assert found["baseline_proxy"] == "score"
    rho = stats.spearmanr([i / 20 for i in range(ROWS)], [i + (i * 5) % 4 for i in range(ROWS)]).statistic
    assert found["proxies"][0]["spearman"]["value"] == pytest.approx(rho, abs=1e-12)
    assert found["proxies"][2]["spearman"]["value"] < 0


def test_lower_better_turns_the_sign(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = analyzed(capsys, table, "--outcome", "after", "--proxy", "score", "--lower-better", "loss")
    score, loss = found["proxies"]
    assert loss["direction"] == "lower"
    assert loss["spearman"]["value"] == pytest.approx(score["spearman"]["value"])


def test_family_column_warns_that_rows_are_not_independent(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = analyzed(capsys, table, "--outcome", "after", "--proxy", "score", "--family", "base")
    assert found["proxies"][0]["families"] == 2
    assert "not independent" in found["proxies"][0]["note"]
    assert set(found["proxies"][0]["by_family"]) == {"llama", "qwen"}


def test_parquet_gives_what_csv_gives(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow.csv
    import pyarrow.parquet

    parquet = table.with_suffix(".parquet")
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(table), parquet)
    both = [analyzed(capsys, path, "--outcome", "after", "--label", "name") for path in (table, parquet)]
    assert both[0]["proxies"] == both[1]["proxies"]


def test_compute_column_judges_along_rl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [[f"c{i}", i, step, i if step == 1 else -i] for i in range(12) for step in (1, 8)]
    path = write(tmp_path / "long.csv", ["name", "score", "flops", "after"], rows)
    found = analyzed(capsys, path, "--outcome", "after", "--label", "name", "--compute", "flops", "--proxy", "score")
    assert [point["proxies"][0]["spearman"]["value"] for point in found["along"]] == [pytest.approx(1), pytest.approx(-1)]
    assert found["proxies"][0]["spearman"]["value"] == pytest.approx(-1)
    assert found["proxies"][0]["change_along_rl"]["value"] == pytest.approx(-2)


def test_terminal_shows_the_proxies(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["analyze", str(table), "--outcome", "after", "--resamples", "200"]) == 0
    out = capsys.readouterr().out
    assert "foretold the outcome of 14 candidates" in out and "score" in out


BAD = {
    "no-column": (["a", "after"], [[1, 2]], ["--outcome", "aftr"], "no column 'aftr'; did you mean 'after'?"),
    "no-proxy-column": (["a", "after"], [[1, 2]], ["--outcome", "after", "--proxy", "b"], "no column 'b'"),
    "text": (["a", "after"], [[1, 2], ["x", 3]], ["--outcome", "after", "--proxy", "a"], ":3: column 'a': 'x' is no number"),
    "infinite": (
        ["a", "after"],
        [[1, 2], ["inf", 3]],
        ["--outcome", "after", "--proxy", "a"],
        ":3: column 'a': an infinite value",
    ),
    "labels": (
        ["n", "a", "after"],
        [["x", 1, 2], ["x", 2, 3]],
        ["--outcome", "after", "--label", "n"],
        ":3: label 'x' stands twice",
    ),
    "columns": (["a", "a"], [[1, 2]], ["--outcome", "a"], ":1: two columns are called 'a'"),
    "ragged": (["a", "after"], [[1, 2], [1]], ["--outcome", "after"], ":3: 1 cells under 2 columns"),
    "no-rows": (["a", "after"], [], ["--outcome", "after"], "has no rows"),
    "nothing-left": (["n", "after"], [["x", 2]], ["--outcome", "after"], "no numeric column is left"),
    "baseline": (["a", "after"], [[1, 2]], ["--outcome", "after", "--baseline", "z"], "'z'"),
    "twice": (["a", "after"], [[1, 2]], ["--outcome", "after", "--proxy", "a", "--lower-better", "a"], "name it once"),
    "no-label": (["a", "k", "after"], [[1, 1, 2]], ["--outcome", "after", "--compute", "k"], "--compute needs --label"),
    "moving-proxy": (
        ["n", "a", "k", "after"],
        [["x", 1, 1, 2], ["x", 2, 2, 3]],
        ["--outcome", "after", "--label", "n", "--compute", "k"],
        "proxy 'a' changes within run 'x'",
    ),
    "two-points": (
        ["n", "a", "k", "after"],
        [["x", 1, 1, 2], ["x", 1, 1, 3]],
        ["--outcome", "after", "--label", "n", "--compute", "k"],
        "two points at k 1",
    ),
    "too-many": (["a", "after"], [[i, i] for i in range(3000)], ["--outcome", "after"], "at most 2000"),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_table_is_one_clear_line(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header, rows, options, said = BAD[case]
    path = write(tmp_path / "bad.csv", header, rows)
    assert call(["analyze", str(path), *options]) == 2
    streams = capsys.readouterr()
    assert said in streams.err and streams.out == ""
    assert len(streams.err.strip().splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'a,after\n"1,2\n'], ids=["empty", "not-utf8", "open-quote"])
def test_broken_file_is_one_clear_line(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert call(["analyze", str(path), "--outcome", "after"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["missing.csv", "fake.parquet"])
def test_file_that_is_missing_or_no_parquet_is_one_clear_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fake.parquet").write_bytes(b"no parquet")
    assert call(["analyze", str(tmp_path / name), "--outcome", "after"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_constant_column_and_single_row_are_undefined_and_not_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "flat.csv", ["a", "b", "after"], [[1, i, i] for i in range(12)])
    found = analyzed(capsys, path, "--outcome", "after")
    assert found["proxies"][0]["spearman"]["value"] is None and found["proxies"][0]["verdict"] == "undefined"
    one = write(tmp_path / "one.csv", ["a", "after"], [[1, 2]])
    assert analyzed(capsys, one, "--outcome", "after")["proxies"][0]["spearman"]["value"] is None


def test_empty_cells_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "gaps.csv", ["a", "after"], [[i if i % 3 else "", "NA" if i == 1 else i] for i in range(16)])
    assert analyzed(capsys, path, "--outcome", "after")["proxies"][0]["n"] == 9


def test_analyze_imports_no_torch(table: Path) -> None:
    code = (
        "import sys; from harness.cli.main import call; "
        f"call(['analyze', {str(table)!r}, '--outcome', 'after', '--resamples', '100', '--json']); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not (SHARED / "retu" / "table4.csv").is_file(), reason="needs the published studies beside the checkout")
def test_published_table_gives_the_rank_correlation_of_scipy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (SHARED / "retu" / "table4.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    trained = [row for row in rows if row[0] != "none"]
    assert len(trained) == 32
    path = write(tmp_path / "retu.csv", header, trained)
    found = analyzed(capsys, path, "--outcome", "A_post", "--proxy", "P_sft", "--family", "sft_data")
    at = {name: header.index(name) for name in ("P_sft", "A_post")}
    rho = stats.spearmanr(*([float(row[i]) for row in trained] for i in at.values())).statistic
    assert found["proxies"][0]["spearman"]["value"] == pytest.approx(rho, abs=1e-12)
    assert "not independent" in found["proxies"][0]["note"]
