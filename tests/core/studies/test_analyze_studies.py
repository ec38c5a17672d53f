"""`harness analyze` on published studies by name, on all of them, and on a result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from scipy import stats

from harness.cli.main import call
from harness.report.forest import draw
from harness.shipped import shipped
from harness.studies import read_study

RESULT = shipped("registry", "results/miniature/2026-11-22.json")


def analyzed(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert call(["analyze", *map(str, arguments), "--resamples", "200", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_retu_is_read_by_name_pooled_and_by_sft_set(capsys: pytest.CaptureFixture[str]) -> None:
    found = analyzed(capsys, "retu-qwen2.5-7b")
    rows = [row for row in read_study("retu-qwen2.5-7b").rows if not row.excluded]
    judged = next(proxy for proxy in found["proxies"] if proxy["name"] == "P_sft")

    def rho(family: str | None) -> float:
        own = [row.values for row in rows if family in (None, row.family)]
        return float(stats.spearmanr([v["P_sft"] for v in own], [v["A_post"] for v in own]).statistic)

    assert found["candidates_judged"] == judged["n"] == 32
    assert judged["spearman"]["value"] == pytest.approx(rho(None), abs=1e-12)
    assert round(rho(None), 3) == 0.616
    assert judged["by_family"] == {f: pytest.approx(rho(f), abs=1e-12) for f in {row.family for row in rows}}
    assert len(judged["by_family"]) == 5 and judged["by_family"]["S1K"] == pytest.approx(-0.9)
    assert "rows of one family are not independent" in judged["note"]
    assert found["study"]["excluded"][0]["label"] == "base"


def test_study_on_a_terminal_says_what_it_is_and_shows_the_families(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["analyze", "retu-qwen2.5-7b", "--resamples", "200"]) == 0
    out = capsys.readouterr().out
    assert "arXiv 2512.11470" in out and "left out  base: the printed A_post of 77.3" in out
    assert "not independent" in out
    table = out.partition("Spearman within each family")[2]
    assert "S1K" in table and "0.616" in table and "-0.900" in table


def test_options_win_over_the_study(capsys: pytest.CaptureFixture[str]) -> None:
    found = analyzed(capsys, "retu-qwen2.5-7b", "--outcome", "PL_rl", "--lower-better", "P_sft")
    assert found["outcome"] == "PL_rl" and [p["name"] for p in found["proxies"]] == ["P_sft"]
    assert found["proxies"][0]["direction"] == "lower"


@pytest.mark.parametrize("name", ["mimo-7b", "retu-qwen2.5-7b-sets", "simplerl-zoo", "tailsft-code", "evolm"])
def test_small_and_gappy_studies_are_read(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert analyzed(capsys, name)["study"]["name"] == name
    assert call(["analyze", name, "--resamples", "200"]) == 0


def test_file_wins_over_a_study_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chord").write_text("score,after\n1,2\n2,3\n3,4\n")
    monkeypatch.chdir(tmp_path)
    assert call(["analyze", "chord"]) == 2
    assert "chord: --outcome is missing" in capsys.readouterr().err
    assert analyzed(capsys, "chord", "--outcome", "after")["candidates_judged"] == 3


REFUSED = {
    "nothing": ([], "no TABLE"),
    "unknown": (["retu-qwen2.5-8b"], "no file and no study is called 'retu-qwen2.5-8b'; did you mean 'retu-qwen2.5-7b'?"),
    "part of a name": (["retu"], "known: retu-qwen2.5-7b, retu-qwen2.5-7b-sets"),
    "missing file": (["no/such/table"], "not found"),
    "missing result": (["no-such.json"], "no-such.json"),
    "reported only": (["quagmires"], "quagmires: the source prints correlations"),
    "column": (["chord", "--outcome", "post"], "no column 'post'"),
    "compute": (["chord", "--compute", "step"], "leave it out"),
    "all and a table": (["chord", "--all-studies"], "leave out TABLE"),
    "all and columns": (["--all-studies", "--outcome", "a", "--proxy", "b"], "leave out --outcome, --proxy"),
    "result and columns": ([str(RESULT), "--lower-better", "loss", "--family", "f"], "leave out --lower-better, --family"),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_makes_no_sense_is_refused_in_one_line(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, said = REFUSED[case]
    assert call(["analyze", *arguments]) == 2
    streams = capsys.readouterr()
    assert said in streams.err and streams.out == ""
    assert len(streams.err.strip().splitlines()) == 1


def test_result_is_worked_out_again_with_its_own_seed(capsys: pytest.CaptureFixture[str]) -> None:
    found = analyzed(capsys, RESULT)
    stored = json.loads(RESULT.read_text(encoding="utf-8"))
    before = {proxy["name"]: proxy["spearman"]["value"] for proxy in stored["proxies"]}
    after = {proxy["name"]: proxy["spearman"]["value"] for proxy in found["proxies"]}
    assert after == {name: pytest.approx(rho, abs=1e-9) for name, rho in before.items()}


def test_all_studies_prints_the_forest_and_the_tallies(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["analyze", "--all-studies", "--resamples", "200"]) == 0
    out = capsys.readouterr().out
    assert "61 of 91 (1 tied)" in out and "69 of 104" in out and "15 of 24" in out
    assert out.index("sft within a base") < out.index("bases or pre-training")
    assert "[33/36]" in out, "a second evaluation of the same starts stands in brackets"
    assert max(map(len, out.splitlines())) <= 100


def test_all_studies_needs_no_torch() -> None:
    code = (
        "import sys; from harness.cli.main import call; code = call(['analyze', '--all-studies', '--json']); "
        "sys.exit(code or 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0
    assert [p["proxy"] for p in json.loads(done.stdout)["proxies"]][:2] == ["pass@1", "pass@k"]


@pytest.mark.parametrize(
    ("rho", "line"),
    [
        (-1, "o.........|.........."),
        (0, "..........o.........."),
        (1, "..........|.........o"),
        (None, "..........|.........."),
    ],
)
def test_line_is_marked_where_rho_is(rho: float | None, line: str) -> None:
    assert draw(rho) == line
