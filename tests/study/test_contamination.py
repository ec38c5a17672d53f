"""The contamination check on its way through a study: plan, result, scores without what overlaps, analysis again."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harness import RecipeError
from harness.reanalysis import reanalyze
from study.toy_study import TOY, invoke, loaded

OVERLAPPING = """
from harness import Benchmark, NoParams, Problem, hookimpl

def load(params, context):
    # The toy's training prompts are p0, p1, ...
    texts = ["q0", "p1", "P 2", "q3", "q4", "p5"]
    return [Problem(id=f"q{i}", prompt=f"Solve: {t}", answer=str(i), meta={"statement": t}) for i, t in enumerate(texts)]

@hookimpl
def harness_benchmarks():
    yield Benchmark(name="seen", version="1", summary="problems of which some are trained on", load=lambda: load, grader="toy-grade")
"""  # noqa: E501


def test_overlap_is_reported_with_scores_without_it(tmp_path: Path) -> None:
    plugin = tmp_path / "seen.py"
    plugin.write_text(OVERLAPPING)
    recipe = {**TOY, "benchmarks": [{"use": "seen", "samples": 8}], "contamination": True}
    done = invoke(tmp_path, recipe, "run", "--json", "--plugin", str(plugin))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    found = result["contamination"]
    assert found["rule"] == {"ngram": 13, "share": 0.5}
    rows = {row["source"]: row for row in found["overlap"]}
    assert list(rows) == ["sft", "rl"]
    assert (rows["sft"]["problems"], rows["sft"]["examples"], rows["rl"]["examples"]) == (6, 40, 20)
    for row in rows.values():
        assert [(m["problem"], m["example"], m["kind"]) for m in row["matches"]] == [
            ("q1", "e1", "exact"),
            ("q2", "e2", "normalised"),
            ("q5", "e5", "exact"),
        ]
        assert (row["exact"], row["normalised"], row["ngram"]) == (2, 1, 0)
    assert found["problems"] == {"seen": {"all": 6, "without": 3}}
    folder = next((tmp_path / "store" / "studies").iterdir())
    counts = pq.read_table(folder / "counts.parquet").to_pylist()
    for candidate, scores in zip(result["candidates"], found["candidates"], strict=True):
        assert scores["outcome"]["all"]["value"] == pytest.approx(candidate["outcome"]["value"])
        for phase, part in (("pre", "pre"), ("post", "outcome")):
            clean = [
                row["num_correct"] / row["num_samples"]
                for row in counts
                if (row["candidate"], row["phase"]) == (candidate["name"], phase)
                and row["problem_id"] not in ("q1", "q2", "q5")
            ]
            assert scores[part]["without"]["value"] == pytest.approx(sum(clean) / 3)
    assert "overlap problems that stand among the training problems: 3 of 6 in seen with sft" in " ".join(
        invoke(tmp_path, recipe, "run", "--plugin", str(plugin)).stdout.split()
    )
    again = reanalyze(folder / "result.json", resamples=10_000)
    assert again["contamination"] == found
    assert again["numbers_digest"] == result["numbers_digest"]


def test_recipe_that_does_not_ask_has_the_plan_it_always_had() -> None:
    without, off = loaded(TOY), loaded({**TOY, "contamination": False})
    assert [s.key for s in without.steps][:-1] == [s.key for s in off.steps][:-1]
    asked = loaded({**TOY, "contamination": {"ngram": 8}})
    assert {s.key for s in without.steps[:-1]} == {s.key for s in asked.steps[:-1] if s.kind != "overlap"}
    assert [s.kind for s in asked.steps].count("overlap") == 1
    assert not any("overlap" in s.inputs for s in without.steps)


def test_check_without_training_problems_is_refused() -> None:
    kept = {key: value for key, value in TOY.items() if key not in ("rl", "outcome", "sft")}
    recipe = {**kept, "data": {"heldout": TOY["data"]["heldout"]}, "candidates": [{"name": "base", "sft": None}]}
    with pytest.raises(RecipeError, match='contamination: there is nothing to compare with; add "sft" or "rl" to "data"'):
        loaded({**recipe, "contamination": True})
