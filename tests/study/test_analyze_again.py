"""`harness analyze` on the result of a study that has just run."""

import json
import subprocess
from pathlib import Path

from study.small_study import COMMAND
from study.toy_study import TOY, invoke


def test_study_analysed_again_gives_its_very_numbers(tmp_path: Path) -> None:
    result = json.loads(invoke(tmp_path, TOY, "run", "--json").stdout)
    path = next((tmp_path / "store").glob("studies/*/result.json"))
    done = subprocess.run([str(COMMAND), "analyze", str(path), "--json"], capture_output=True, text=True, check=True)
    again = json.loads(done.stdout)
    assert again["numbers_digest"] == result["numbers_digest"]
    assert again["reanalysis"]["counts"] == "counts.parquet"
    costs = {row["name"]: row["cost"] for row in result["proxies"]}
    assert costs["pass@8"]["samples"] == 4 * 6 * 8
    assert costs["generalization-loss"]["samples"] == costs["random"]["samples"] == 0
    assert {point["name"] for point in result["pareto"]["points"]} == set(costs)
    shown = subprocess.run([str(COMMAND), "analyze", str(path)], capture_output=True, text=True, check=True)
    assert "Spearman of pass@k with the outcome" in shown.stdout
