"""`harness plugins list|show` on the real built-ins and on a broken plug-in."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint

import pytest

from harness import plugins
from harness.cli.main import call


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict]:
    assert call(["plugins", "list", "--json"]) == 0
    return {record["name"]: record for record in json.loads(capsys.readouterr().out)}


def test_list_shows_built_ins_with_what_they_offer(capsys: pytest.CaptureFixture[str]) -> None:
    record = listed(capsys)["curation"]
    assert record["status"] == "ok"
    assert "curation subset" in record["offers"]
    assert record["distribution"].startswith("posttrain-harness ")
    assert call(["plugins", "list"]) == 0
    table = capsys.readouterr().out
    assert "subset" in table and "\x1b" not in table


def test_list_shows_a_broken_plugin_with_the_reason(monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    broken = EntryPoint("bro\x1bken", "no_such_module_anywhere", "harness")
    real = plugins.entry_points(group="harness")
    monkeypatch.setattr(plugins, "entry_points", lambda group: [*real, broken])
    record = listed(capsys)["bro\x1bken"]
    assert record["status"] == "failed" and "no_such_module_anywhere" in record["reason"]
    assert call(["plugins", "list"]) == 0
    table = capsys.readouterr().out
    assert "bro\\x1bken" in table and "no_such_module_anywhere" in table and "subset" in table


def test_list_says_what_is_blocked(monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HARNESS_BLOCK", "curation")
    assert listed(capsys)["curation"]["status"] == "blocked"


def test_show_prints_settings_with_type_range_default_and_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["plugins", "show", "length-filter"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "curation length-filter, version" in text
    assert all(choice in text for choice in ('"shortest"', '"longest"', '"between"')) or "'shortest'" in text
    assert "required" in text and "an integer of at least 1" in text
    assert "Examples to keep" in text


def test_show_names_settings_of_nested_records(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["plugins", "show", "mixture"]) == 0
    assert "parts[].share" in capsys.readouterr().out


def test_show_adds_what_the_host_reads_beside_a_component(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["plugins", "show", "problems-file", "--json"]) == 0
    (component,) = json.loads(capsys.readouterr().out)
    assert {"samples", "sampling"} <= set(component["also"])
    assert component["settings"]["required"] == ["path"]


def test_show_suggests_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["plugins", "show", "lenght-filter"]) == 2
    assert "did you mean 'length-filter'?" in capsys.readouterr().err


def test_show_describes_every_component_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    names = {offer.split(" ")[-1] for record in listed(capsys).values() for offer in record["offers"]}
    assert len(names) > 10
    for name in sorted(names):
        assert call(["plugins", "show", name]) == 0, capsys.readouterr().err
