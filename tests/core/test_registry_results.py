"""Results kept in the registry fit their schema, and their headline numbers follow from the counts beside them."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from harness import Counts
from harness.estimators import mean_pass_at_k
from harness.registry import verify
from harness.result import check_result
from harness.result.compose import numbers_digest
from harness.shipped import shipped

RESULTS = sorted((shipped("registry") / "results").rglob("*.json"))


def counts_of(path: Path) -> dict[tuple[str, str], list[Counts]]:
    """Return the counts by candidate and phase, one entry a seed and benchmark."""
    rows = defaultdict(list)
    for row in pq.read_table(path).to_pylist():
        rows[row["candidate"], row["phase"], row["seed"], row["benchmark"]].append(row)
    found = defaultdict(list)
    for (candidate, phase, _, benchmark), own in rows.items():
        found[candidate, phase].append(
            Counts(
                benchmark=benchmark,
                problem_ids=tuple(row["problem_id"] for row in own),
                num_samples=np.array([row["num_samples"] for row in own]),
                num_correct=np.array([row["num_correct"] for row in own]),
            )
        )
    return found


def test_registry_holds_a_result() -> None:
    assert RESULTS


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_result_fits_its_schema_and_its_counts(path: Path) -> None:
    result = json.loads(path.read_text(encoding="utf-8"))
    check_result(result)
    assert numbers_digest(result) == result["numbers_digest"]
    counts = counts_of(path.with_suffix(".counts.parquet"))
    for candidate in result["candidates"]:
        for name, estimate in candidate["pre"].items():
            again = mean_pass_at_k(counts[candidate["name"], "pre"], int(name.removeprefix("pass@"))).to_json()
            assert again["value"] == pytest.approx(estimate["value"], abs=1e-12)
        after = {"post": candidate["outcome"], **{f"at{a['step']}": a["outcome"] for a in candidate["along"]}}
        for phase, outcome in after.items():
            again = mean_pass_at_k(counts[candidate["name"], phase], 1).to_json()
            assert [again[k] for k in ("value", "low", "high")] == pytest.approx(
                [outcome[k] for k in ("value", "low", "high")], abs=1e-9
            )


def test_shipped_registry_is_one_that_verify_takes() -> None:
    found = verify(shipped("registry"))
    assert found.faults == []
    assert {entry.name for entry in found.entries} == {f"{path.parent.name}/{path.stem}" for path in RESULTS}
    assert len(found.studies) == len(list((shipped("registry") / "studies").glob("*.json")))


def test_miniature_study_has_the_numbers_it_was_first_recorded_with() -> None:
    (path,) = (path for path in RESULTS if path.parent.name == "miniature")
    digest = json.loads(path.read_text(encoding="utf-8"))["numbers_digest"]
    assert digest == "d47d8ec9d7544365b77a9c02d351cb4c82ff4d7ef66ad4d0aae7e3c119ca2693"
