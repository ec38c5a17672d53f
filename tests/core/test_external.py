"""External programs are found by setting, variable or this interpreter, and asked for their version."""

from __future__ import annotations

import json
import sys
import venv
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import External, MissingError, Trainer, hookimpl
from harness.cli import doctor
from harness.plugins import Plugins
from harness.requirements import check_programs

PROGRAM = External(
    distribution="some-program", supported=">=1.2,<2", variable="HARNESS_SOME_PYTHON", install="pip install 'some-program<2'"
)


@pytest.fixture
def environment(tmp_path):
    """Make a virtual environment that has the program in a version."""

    def make(version: str | None) -> Path:
        folder = tmp_path / f"env-{version}"
        venv.EnvBuilder(symlinks=True).create(folder)
        if version:
            (site,) = folder.glob("lib/python3*/site-packages")
            info = site / f"some_program-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: some-program\nVersion: {version}\n")
        return folder

    return make


@pytest.mark.parametrize("by", ["folder", "executable"])
def test_program_is_found_by_the_setting(environment, by) -> None:
    folder = environment("1.9.3")
    python = folder / "bin" / "python"
    found = PROGRAM.find(str(folder if by == "folder" else python))
    assert (found.version, found.python, found.source) == ("1.9.3", python, "setting")
    assert found.python_version == ".".join(map(str, sys.version_info[:3]))


def test_program_is_found_by_the_variable_which_a_setting_overrides(environment, monkeypatch) -> None:
    monkeypatch.setenv("HARNESS_SOME_PYTHON", str(environment("1.2")))
    assert (PROGRAM.find().version, PROGRAM.find().source) == ("1.2", "variable")
    assert PROGRAM.find(str(environment("1.3"))).version == "1.3"


def test_program_is_found_in_this_interpreter_where_nothing_else_is_named() -> None:
    installed = replace(PROGRAM, distribution="pytest", supported=">=1")
    found = installed.find()
    assert (found.version, found.python, found.source) == (
        metadata.version("pytest"),
        Path(sys.executable),
        "this interpreter",
    )


@pytest.mark.parametrize("version", ["2.0", "1.1", "not-a-version"])
def test_program_in_another_version_is_refused_with_what_to_install(environment, version) -> None:
    with pytest.raises(
        MissingError, match=r"python: some-program \S+ in '.*' is not supported, some-program>=1.2,<2 is; run: "
    ):
        PROGRAM.find(str(environment(version)))


@pytest.mark.parametrize("version", ["1.5+cpu", "1.5.dev3"])
def test_local_and_development_builds_count_as_their_version(environment, version) -> None:
    assert PROGRAM.find(str(environment(version))).version == version


def test_missing_program_is_told_with_the_exact_command(environment, tmp_path) -> None:
    remedy = "run: pip install 'some-program<2'; then set HARNESS_SOME_PYTHON to that environment's python"
    with pytest.raises(MissingError, match="some-program: some-program is not installed for") as caught:
        PROGRAM.find()
    assert remedy in str(caught.value)
    with pytest.raises(MissingError, match="python: some-program is not installed for"):
        PROGRAM.find(str(environment(None)))
    with pytest.raises(MissingError, match="python: there is no Python at"):
        PROGRAM.find(str(tmp_path / "nowhere"))


def test_program_installed_after_it_was_missed_is_found_by_a_new_setting(environment) -> None:
    with pytest.raises(MissingError):
        PROGRAM.find(str(environment(None)))
    assert PROGRAM.find(str(environment("1.4"))).version == "1.4"


@pytest.mark.parametrize("text", ["#!/bin/sh\necho hello\n", "#!/bin/sh\necho broken >&2; exit 3\n", "no program"])
def test_what_is_no_python_is_refused(tmp_path, text) -> None:
    file = tmp_path / "python"
    file.write_text(text)
    file.chmod(0o755)
    with pytest.raises(
        MissingError, match=r"python: '.*' does not answer as a Python does \(.+\); name a Python executable"
    ):
        PROGRAM.find(str(file))


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings."""

    python: str | None = None


def offer() -> Trainer:
    return Trainer(
        name="starts-it",
        version="1",
        summary="starts it",
        method="sft",
        params=Params,
        load=lambda: print,
        externals=(PROGRAM,),
    )


def test_study_is_not_begun_without_its_programs(environment) -> None:
    use = SimpleNamespace(offer=offer(), params=Params())
    with pytest.raises(MissingError, match="trainer 'starts-it': some-program: some-program is not installed"):
        check_programs([use])
    check_programs([SimpleNamespace(offer=offer(), params=Params(python=str(environment("1.4"))))])


class Plugin:
    @hookimpl
    def harness_trainers(self):
        yield offer()


def test_doctor_lists_programs_with_where_they_are_or_how_to_get_them(environment, monkeypatch) -> None:
    plugins = Plugins.of(Plugin())
    (missing,) = doctor.programs(plugins)
    assert (missing["program"], missing["used_by"], missing["version"]) == ("some-program", ["starts-it"], None)
    assert "pip install 'some-program<2'" in missing["missing"]
    monkeypatch.setenv("HARNESS_SOME_PYTHON", str(environment("1.4")))
    (found,) = doctor.programs(plugins)
    assert (found["version"], found["missing"]) == ("1.4", None)
    json.dumps(found)
