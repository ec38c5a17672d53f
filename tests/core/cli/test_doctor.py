"""`harness doctor` finds what is there and what is not."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

import pytest

from harness.cli import doctor
from harness.cli.main import call
from harness.plugins import Plugins


def findings(capsys: pytest.CaptureFixture[str], *args: str) -> dict:
    call(["doctor", "--json", *args])
    found: dict = json.loads(capsys.readouterr().out)
    return found


def test_doctor_knows_every_extra_and_its_packages(capsys: pytest.CaptureFixture[str]) -> None:
    extras = findings(capsys)["extras"]
    assert set(extras) == set(doctor.EXTRAS) == set(metadata.metadata("posttrain-harness").get_all("Provides-Extra"))
    assert extras["torch"]["packages"]["safetensors"] == metadata.version("safetensors")
    assert extras["torch"]["command"] == "pip install 'posttrain-harness[torch]'"


def test_doctor_finds_the_quickstart_ready_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert findings(capsys)["quickstart"] == {"ready": True, "missing": []}
    assert call(["doctor"]) == 0


def test_doctor_exits_1_and_names_what_the_quickstart_lacks(monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    real = doctor.importlib.util.find_spec
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None if name == "torch" else real(name))
    assert call(["doctor"]) == 1
    assert "the quickstart lacks: package torch" in capsys.readouterr().out


def test_quickstart_lacks_its_components_without_plugins() -> None:
    missing = doctor.quickstart_lacks(Plugins.of())
    assert "component local-grpo" in missing


def test_doctor_says_whether_the_store_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "new" / "store"
    state = findings(capsys, "--store", str(place))["store"]
    assert state["writable"] and not state["exists"] and state["free_bytes"] > 0
    assert not place.parent.exists()
    file = tmp_path / "file"
    file.write_text("")
    assert not findings(capsys, "--store", str(file / "below"))["store"]["writable"]


def test_doctor_counts_cores_and_memory(capsys: pytest.CaptureFixture[str]) -> None:
    machine = findings(capsys)["machine"]
    assert machine["cores"] >= 1 and machine["memory_bytes"] > 2**28
    call(["doctor"])
    assert re.search(r"machine +\d+ cores, [\d.]+ GiB memory", capsys.readouterr().out)
