"""The small study's numbers, by real models, SFT and RL."""

from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_drift_and_micro_probe_are_measured_of_real_models(undisturbed: tuple[dict, Path]) -> None:
    result, store = undisturbed
    found = {c["name"]: c["proxies"] for c in result["candidates"]}
    for name in ("drift-kl", "parameter-distance"):
        assert found["base"][name]["value"] == 0
        # Twice the updates on the shorter half move a model by another amount; both move it.
        assert 0 < found["unique"][name]["value"] != found["short x2"][name]["value"] > 0
    assert 0 < found["unique"]["drift-kl"]["low"] < found["unique"]["drift-kl"]["value"] < 2
    assert found["unique"]["parameter-distance"]["value"] < 0.5
    assert all(-1 < proxies["micro-probe@6 (window 2)"]["value"] < 1 for proxies in found.values())
    assert len(list(store.glob("artifacts/drift/*/drift.parquet"))) == 3
    cost = {row["name"]: row["cost"] for row in result["proxies"]}
    assert 0 < cost["drift-kl"]["tokens"] < cost["micro-probe@6 (window 2)"]["tokens"]
