"""`harness run` on toy components: what the host does when all goes well and when it does not."""

import json
import subprocess
from pathlib import Path

import pytest

from study.small_study import COMMAND
from study.toy_study import TOY, changed, invoke


def test_run_prints_only_the_result_on_stdout_when_asked_for_json(tmp_path: Path) -> None:
    done = invoke(tmp_path, TOY, "run", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [c["name"] for c in result["candidates"]] == ["all", "half", "short", "base"]
    assert [point["step"] for point in result["along"]] == [5, 10]
    assert result["along"][0]["rl_tokens"] == 500
    assert {p["verdict"] for p in result["proxies"] if not p["trivial"]} <= {
        "insufficient (n < 10)",
        "baseline",
        "undefined",
    }
    folder = next((tmp_path / "store" / "studies").iterdir())
    assert json.loads((folder / "result.json").read_text()) == result
    assert (folder / "counts.parquet").is_file()


def test_counts_give_every_headline_number_again(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    result = json.loads(invoke(tmp_path, TOY, "run", "--json").stdout)
    rows = pq.read_table(next((tmp_path / "store").glob("studies/*/counts.parquet"))).to_pylist()
    for candidate in result["candidates"]:
        for phase, value in (("pre", candidate["pre"]["pass@1"]["value"]), ("post", candidate["outcome"]["value"])):
            own = [r for r in rows if r["candidate"] == candidate["name"] and r["phase"] == phase]
            assert len(own) == 6
            assert sum(r["num_correct"] / r["num_samples"] for r in own) / 6 == pytest.approx(value, abs=1e-12)


def test_proxies_of_losses_drift_and_early_rl_land_in_the_result(tmp_path: Path) -> None:
    asked = ["pass@1", "drift-kl", "parameter-distance", "coverage-profile@16", "rank-surprisal-ratio", "combined@8"]
    asked += ["sigmoid-ceiling@8", "entropy-law@8"]
    settings = [
        {"use": "relative-loss", "set": "fixed", "over": "all"},
        {"use": "micro-probe", "steps": 8, "window": 2},
    ]
    done = invoke(tmp_path, changed("proxies", [*asked, *settings]), "run", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    found = {c["name"]: c["proxies"] for c in result["candidates"]}
    # The toy's loss is 1.5 - skill nats a token, its drift |skill - 0.3|, its reward constant.
    loss = {name: proxies["drift-kl"]["value"] for name, proxies in found.items()}
    assert loss["base"] == 0 < min(loss["all"], loss["half"], loss["short"])
    for name, proxies in found.items():
        values = {label.split(" (")[0]: reading["value"] for label, reading in proxies.items()}
        assert values["parameter-distance"] == pytest.approx(loss[name] / 0.3, abs=1e-9)
        best = 1.2 - max(loss.values())
        assert values["relative-loss"] == pytest.approx((1.2 - loss[name]) / best, abs=1e-6)
        assert values["rank-surprisal-ratio"] == pytest.approx(1 / (1.2 - loss[name]), abs=1e-6)
        assert 0 <= values["coverage-profile@16"] <= 1 and 0 <= values["combined@8"] <= 1
        assert values["micro-probe@8"] == pytest.approx(0)
        assert values["sigmoid-ceiling@8"] is None and values["entropy-law@8"] is None
    assert found["all"]["entropy-law@8"]["reason"] == "0 steps log both reward and entropy; a line takes 3"
    cost = {row["name"]: row["cost"] for row in result["proxies"]}
    assert cost["drift-kl"]["tokens"] > 0
    assert cost["micro-probe@8 (window 2)"]["tokens"] == 4 * 800  # eight of each run's ten steps, 1,000 tokens
    assert result["cost"]["by_kind"]["drift"]["steps"] == 4


def test_own_heldout_set_follows_the_filter(tmp_path: Path) -> None:
    assert invoke(tmp_path, TOY).returncode == 0
    curated = {}
    for file in (tmp_path / "store").glob("artifacts/curate/*/curated.json"):
        row = json.loads(file.read_text())
        lines = (file.parent / "heldout.jsonl").read_text().splitlines()
        curated[row["examples"]] = (row["heldout"], [len(json.loads(line)["response"].split()) for line in lines])
    assert curated[40][0] == curated[20][0] == 16
    assert curated[10][0] == 4
    assert max(curated[10][1]) < max(curated[40][1])


def test_failed_step_is_named_and_the_rest_is_done_and_kept(tmp_path: Path) -> None:
    flag = tmp_path / "fail"
    flag.touch()
    recipe = changed("candidates.1.sft", {"fail_while": str(flag)})
    done = invoke(tmp_path, recipe)
    assert done.returncode == 1
    assert "sft · half · seed 0 (trainer 'toy-sft'): ValueError: the toy was told to fail; log: " in done.stderr
    assert "Traceback" not in done.stderr
    log = Path(done.stderr.split("log: ")[1].splitlines()[0])
    assert "told to fail" in log.read_text()
    before = {f.parent.name for f in (tmp_path / "store").glob("artifacts/*/*/manifest.json")}
    assert len(list((tmp_path / "store").glob("artifacts/train/*"))) == 5
    flag.unlink()
    again = invoke(tmp_path, recipe)
    assert again.returncode == 0, again.stderr
    assert before < {f.parent.name for f in (tmp_path / "store").glob("artifacts/*/*/manifest.json")}


def test_study_goes_on_when_a_worker_dies_once(tmp_path: Path) -> None:
    flag = tmp_path / "die"
    flag.touch()
    done = invoke(tmp_path, changed("candidates.1.sft", {"die_once": str(flag)}))
    assert done.returncode == 0, done.stderr
    assert not flag.exists()


def test_step_whose_worker_always_dies_fails_in_the_end(tmp_path: Path) -> None:
    done = invoke(tmp_path, changed("candidates.1.sft", {"die_always": True}))
    assert done.returncode == 1
    assert "sft · half · seed 0 (trainer 'toy-sft'): its worker process died 3 times" in done.stderr


def test_only_the_step_that_kills_its_worker_fails_when_others_run_beside_it(tmp_path: Path) -> None:
    recipe = changed("candidates.1.sft", {"die_always": True})
    done = invoke(tmp_path, {**recipe, "execution": {"use": "local-processes", "workers": 2}})
    assert done.returncode == 1
    assert "sft · half · seed 0 (trainer 'toy-sft'): its worker process died 3 times" in done.stderr
    assert "\n1 failed, " in done.stderr
    assert len(list((tmp_path / "store").glob("artifacts/train/*"))) == 5


def test_engine_that_loses_samples_is_named(tmp_path: Path) -> None:
    done = invoke(tmp_path, changed("engine", {"use": "toy-engine", "lose": 1}))
    assert done.returncode == 1
    assert "engine 'toy-engine' was asked for 48 samples and gave 47 of them" in done.stderr


def test_difficulty_reads_the_bases_pass_rates(tmp_path: Path) -> None:
    chain = [{"use": "difficulty", "keep": "hardest", "examples": 10}]
    done = invoke(tmp_path, changed("candidates.2.curate", chain), "run", "--json")
    assert done.returncode == 0, done.stderr
    short = json.loads(done.stdout)["candidates"][2]
    assert short["examples"] == 10
    loss = short["proxies"]["generalization-loss"]
    assert loss["value"] is None and loss["reason"]


def test_budget_cuts_what_is_over_and_refuses_what_is_under(tmp_path: Path) -> None:
    done = invoke(tmp_path, {**TOY, "budget": {"tokens": 30, "tolerance": 0.4}}, "run", "--json")
    assert done.returncode == 0, done.stderr
    tokens = [c["train_tokens"] for c in json.loads(done.stdout)["candidates"] if c["kind"] == "sft"]
    assert all(18 <= t <= 42 for t in tokens)
    refused = invoke(tmp_path, {**TOY, "budget": {"tokens": 100_000}})
    assert refused.returncode == 1
    assert "100000" in refused.stderr.replace(",", "") and "Traceback" not in refused.stderr


def test_store_of_another_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "store.json").write_text('{"schema_version": 99}')
    done = invoke(tmp_path, TOY)
    assert done.returncode == 1
    assert "made with store schema 99" in done.stderr and "--store" in done.stderr


def test_store_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    done = invoke(tmp_path, TOY)
    assert done.returncode == 1
    assert "store" in done.stderr and "choose another with --store" in done.stderr
    assert "Traceback" not in done.stderr


def test_plan_and_status_tell_what_stands(tmp_path: Path) -> None:
    before = json.loads(invoke(tmp_path, TOY, "plan", "--json").stdout)
    assert before["to_do"] == before["num_steps"] == len(before["steps"]) > 50
    assert not (tmp_path / "store").exists()
    invoke(tmp_path, TOY)
    after = json.loads(invoke(tmp_path, TOY, "plan", "--json").stdout)
    assert after["to_do"] == 0 and all(step["cached"] for step in after["steps"])


def test_status_tells_of_a_study_that_is_done_and_of_one_that_stopped(tmp_path: Path) -> None:
    flag = tmp_path / "fail"
    flag.touch()
    recipe = changed("candidates.1.sft", {"fail_while": str(flag)})

    def status() -> dict:
        command = [str(COMMAND), "status", "--store", str(tmp_path / "store"), "--json"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["studies"][0]

    assert invoke(tmp_path, recipe).returncode == 1
    stopped = status()
    assert stopped["status"] == "stopped; run the same recipe to go on"
    assert 0 < stopped["done"] < stopped["steps"] and stopped["result"] is None
    assert [step["title"] for step in stopped["at_work"]] == ["sft · half · seed 0"]
    flag.unlink()
    assert invoke(tmp_path, recipe).returncode == 0
    done = status()
    assert done["status"] == "done" and done["done"] == done["steps"] and not done["at_work"]
    assert Path(done["result"]).is_file()


def test_work_left_of_a_finished_step_is_swept(tmp_path: Path) -> None:
    assert invoke(tmp_path, TOY).returncode == 0
    key = next((tmp_path / "store").glob("artifacts/train/*")).name
    left = tmp_path / "store" / "work" / key
    left.mkdir()
    (left / "progress.json").write_text("{}")
    assert invoke(tmp_path, TOY).returncode == 0
    assert not left.exists()


def test_event_plugin_that_raises_is_named_and_harms_nothing(tmp_path: Path) -> None:
    rude = tmp_path / "rude.py"
    rude.write_text(
        "from harness import hookimpl\n\n@hookimpl\ndef harness_step_finished(event):\n    raise RuntimeError('rude')\n"
    )
    done = invoke(tmp_path, TOY, "run", "--plugin", str(rude), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["study"] == "toy"
    assert done.stderr.count("failed in harness_step_finished: RuntimeError('rude'); it is left out") == 1
