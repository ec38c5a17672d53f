"""`harness rank` on toy checkpoints, and once on real ones: real worker processes, a real kill."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from harness.checkpoints import pre_counts
from harness.cli.main import call
from harness.estimators import mean_pass_at_k
from harness.validity import probability_best
from study.small_study import kill_group
from study.toy_checkpoints import PROBLEMS, SKILLS, lay_out, start, toy_options


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Toy checkpoints and one store for this module, so that each thing is sampled once."""
    return lay_out(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def rank(toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(toy)
    monkeypatch.setenv("HARNESS_PROGRESS", "off")

    def run(*args: str, code: int = 0) -> Any:
        assert call(["rank", *args, "--json", "--store", "store", *toy_options(toy)]) == code
        out, err = capsys.readouterr()
        return json.loads(out) if code == 0 else err

    return run


FOUR = [*SKILLS, "--heldout", "heldout.jsonl", "--samples", "8"]


def manifests(store: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in store.glob("artifacts/*/*/manifest.json")}


def test_rank_gives_the_numbers_that_counts_give(rank: Any, toy: Path) -> None:
    found = rank(*FOUR)
    counts = pre_counts(Path(found["result"]).with_name("counts.parquet"))
    assert found["ranked_by"] == "pass@8"
    for row in found["ranking"]:
        estimate = mean_pass_at_k(counts[row["name"]], 8)
        assert (row["value"], row["low"], row["high"]) == (estimate.value, estimate.low, estimate.high)
    chances = {row["name"]: row["probability_best"] for row in found["ranking"]}
    assert chances == probability_best(counts, 8, seed=0)
    assert sum(chances.values()) == pytest.approx(1.0)
    assert found["samples"]["spent"] == found["samples"]["full_budget"] == 4 * PROBLEMS * 8


def test_filter_drops_what_is_low_in_accuracy_and_high_in_loss(rank: Any) -> None:
    found = rank(*FOUR)
    readings = {row["name"]: row["proxies"] for row in found["ranking"]}
    accuracy = {name: row["pass@1"]["value"] for name, row in readings.items()}
    loss = {name: row["generalization-loss"]["value"] for name, row in readings.items()}
    middle, top = np.median(list(accuracy.values())), np.median(list(loss.values()))
    bad = {name for name in SKILLS if accuracy[name] < middle and loss[name] > top}
    assert bad == {"weak", "poor"}
    assert set(found["filter"]["dropped"]) == bad
    assert (found["filter"]["median_accuracy"], found["filter"]["median_loss"]) == (middle, top)
    assert {row["name"]: row["rank"] is None for row in found["ranking"]} == {name: name in bad for name in SKILLS}
    assert [row["dropped"] for row in found["ranking"]] == [False, False, True, True]


def test_agreement_is_that_of_the_readings(rank: Any) -> None:
    found = rank(*FOUR)
    agreed = found["agreement"]
    readings = {row["name"]: row["proxies"] for row in found["ranking"]}
    one, other = ([readings[name][proxy]["value"] for name in SKILLS] for proxy in ("pass@1", "generalization-loss"))
    a, b = (agreed["names"].index(proxy) for proxy in ("pass@1", "generalization-loss"))
    assert agreed["spearman"][a][b] == pytest.approx(-spearmanr(one, other).statistic)
    assert agreed["candidates"] == list(SKILLS)


def test_second_run_does_nothing_and_says_the_same(rank: Any, toy: Path) -> None:
    first = rank(*FOUR)
    before = manifests(toy / "store")
    assert rank(*FOUR) == first
    assert manifests(toy / "store") == before


def test_rank_without_heldout_says_that_there_was_no_filter(rank: Any) -> None:
    found = rank(*SKILLS, "--samples", "8", "--primary", "pass@1")
    assert found["filter"]["applied"] is False
    assert "--heldout" in found["filter"]["reason"]
    assert [row["name"] for row in found["ranking"]] == ["best", "fair", "poor", "weak"]
    assert [row["rank"] for row in found["ranking"]] == [1, 2, 3, 4]
    assert found["pick"] == "best"
    behind = found["ranking"][1]["behind_first"]
    assert behind["value"] == pytest.approx(found["ranking"][0]["value"] - found["ranking"][1]["value"])
    assert behind["low"] > 0


def test_one_checkpoint_has_no_probability(rank: Any) -> None:
    found = rank("best", "--heldout", "heldout.jsonl", "--samples", "8")
    (row,) = found["ranking"]
    assert (row["rank"], row["probability_best"], row["behind_first"], found["agreement"]) == (1, None, None, None)
    assert any(note.startswith("one checkpoint") for note in found["notes"])


def test_base_is_evidence_and_no_row(rank: Any) -> None:
    found = rank("best", "fair", "--base", "weak", "--samples", "8", "--primary", "pass@1")
    assert [row["name"] for row in found["ranking"]] == ["best", "fair"]
    assert "coverage-ratio" in found["ranking"][0]["proxies"]


def test_adaptive_stops_who_cannot_be_best_and_picks_the_best(rank: Any, toy: Path) -> None:
    found = rank(*SKILLS, "--adaptive", "--samples", "64")
    assert found["pick"] == "best"
    drawn = {row["name"]: row["samples"] for row in found["ranking"]}
    assert found["samples"]["spent"] == PROBLEMS * sum(drawn.values()) == found["race"]["samples_spent"]
    assert found["samples"]["full_budget"] == 4 * PROBLEMS * 64
    assert found["samples"]["share"] < 0.5
    stopped = {row["name"] for row in found["ranking"] if row["stopped_in_round"]}
    assert {"weak", "poor"} <= stopped and "best" not in stopped
    before = manifests(toy / "store")
    again = rank(*SKILLS, "--adaptive", "--samples", "64")
    assert again == found
    assert manifests(toy / "store") == before


def test_tables_are_for_people_and_names_stay_whole(
    toy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(toy)
    monkeypatch.setenv("HARNESS_PROGRESS", "off")
    more = ["--proxy", "token-entropy", "--proxy", "headroom@4", "--proxy", "informative-mass"]
    assert call(["rank", *FOUR, *more, "--base", "weak", "--store", "store", *toy_options(toy)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "Ranking by pass@8" in out and "filter  dropped weak, poor" in out
    for name in SKILLS:
        assert f"  {name} " in out or f"\n{name} " in out
    assert max(map(len, out.splitlines())) <= 100 or "result" in out.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--adaptive"]], ids=["whole", "adaptive"])
def test_rank_killed_in_the_middle_gives_the_same_numbers_when_resumed(tmp_path: Path, more: list[str]) -> None:
    folder = lay_out(tmp_path)
    args = ["rank", "best", "fair", "weak", "--samples", "128", "--primary", "pass@1", "--json", *more]
    process = start(folder, *args, "--store", "killed", wait_s=0.6)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(folder.glob("killed/artifacts/sample/*")):
        time.sleep(0.02)
    kill_group(process)
    assert list(folder.glob("killed/artifacts/sample/*")) and not list(folder.glob("killed/studies/*/result.json"))
    kept = manifests(folder / "killed")
    ends = [start(folder, *args, "--store", store) for store in ("killed", "calm")]
    resumed, calm = (json.loads(process.communicate(timeout=120)[0]) for process in ends)
    for key in ("ranking", "race", "filter", "agreement", "samples", "pick"):
        assert resumed[key] == calm[key]
    assert kept.items() <= manifests(folder / "killed").items()


@pytest.mark.slow
def test_real_checkpoints_are_ranked_by_the_local_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness_plugins.miniature import architecture
    from harness_plugins.miniature.models import SHIPPED

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_PROGRESS", "off")
    architecture.save_checkpoint(architecture.build_blank("tiny", 1), tmp_path / "blank")
    prompts = [("1+2=", "3"), ("4+5=", "9")]
    rows = [json.dumps({"prompt": prompt, "answer": answer}) for prompt, answer in prompts]
    (tmp_path / "sums.jsonl").write_text("\n".join(rows))
    args = [f"base={SHIPPED}", "blank", "--problems", "sums.jsonl", "--grader", "miniature-answer", "--max-tokens", "16"]
    heldout = json.dumps({"use": "miniature-heldout", "examples": 4})
    assert call(["rank", *args, "--samples", "4", "--heldout", heldout, "--json", "--store", "s"]) == 0
    found = json.loads(capsys.readouterr().out)
    losses = {row["name"]: row["proxies"]["generalization-loss"]["value"] for row in found["ranking"]}
    assert losses["base"] < losses["blank"]
    assert found["samples"]["problems"] == {"sums": 2}
    assert found["samples"]["spent"] == 2 * 2 * 4


FAULTS = [
    (["best", "best"], "best: called 'best', as best is; give one of them a name of its own: NAME=best"),
    (["nowhere"], "checkpoint 'nowhere': no such folder; name a Hugging Face folder, or OWNER/NAME@COMMIT of the hub"),
    (["."], "has no config.json; give a Hugging Face folder"),
    (["heldout.jsonl"], "checkpoint 'heldout.jsonl': is a file; name the Hugging Face folder it lies in"),
    (["x=best", "x=fair"], "x=fair: called 'x', as x=best is"),
    (["acme/model"], "a model of the hub is written OWNER/NAME@COMMIT"),
    (["acme/model@main"], "revision 'main' is not a commit hash of 40 hex digits"),
    (["best", "--proxy", "pass@99"], "--proxy pass@99: pass@99 needs 99 samples a problem"),
    (["best", "--proxy", "headrom"], "--proxy headrom: no proxy named 'headrom'; did you mean 'headroom'?"),
    (["best", "--proxy", "coverage-ratio"], "--proxy coverage-ratio: compares with the base model; name it with --base"),
    (["best", "--proxy", "fixed-set-loss"], "--proxy fixed-set-loss: fixed-set-loss reads held-out traces"),
    (["best", "--adaptive", "--primary", "token-entropy"], "--adaptive: races for pass@k only"),
    (["best", "fair", "--adaptive", "--proxy", "pass@16"], "a checkpoint may be stopped after 4"),
    (["best", "--heldout", "none.jsonl"], "--heldout 'none.jsonl': no such file"),
    (["best", "--problems", "weak"], "--problems 'weak': is a folder"),
    (["best", "--benchmark", '{"rows": 3}'], 'the object has no "use"'),
    (["best", "--benchmark", "{rows"], "--benchmark: not JSON"),
    (["best", "--benchmark", "ad-5"], "--benchmark ad-5: no benchmark named 'ad-5'; did you mean 'add-5'?"),
]


@pytest.mark.parametrize(("args", "message"), FAULTS, ids=[" ".join(args) for args, _ in FAULTS])
def test_wrong_input_is_one_line(rank: Any, args: list[str], message: str) -> None:
    said = rank(*args, code=2)
    assert message in said
    assert len(said.splitlines()) == 1


def test_hub_id_reaches_the_hub_component(rank: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    said = rank(f"acme/no-such-model@{'0' * 40}", code=1)
    assert f"checkpoint · acme/no-such-model@{'0' * 7} (model 'hf')" in said
    assert "Traceback" not in said
