"""The group and the boundary: help, exit codes, one line an error, JSON alone on standard output."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import click
import pytest

from harness.cli import main as entry
from harness.cli.main import COMMANDS, call, group
from harness.errors import HarnessError, StepFailedError, UserError

HEAVY = ("numpy", "torch", "pydantic", "rich", "scipy", "pyarrow", "jsonschema", "filelock", "transformers")


def run(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from harness.cli import main; main()", *args],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **env},
    )


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch):
    """A command that raises what the test says."""

    def install(error: BaseException) -> None:
        @click.command()
        def command() -> None:
            raise error

        monkeypatch.setattr(type(group), "get_command", lambda self, ctx, name: command)

    return install


def test_help_lists_every_command_with_its_summary() -> None:
    done = run("--help")
    assert done.returncode == 0
    for name, summary in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", done.stdout, re.MULTILINE)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from harness.cli.main import call; call(['--help']); print('|', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    modules = done.stdout.rpartition("|")[2].split()
    assert not [m for m in modules if m.split(".")[0] in HEAVY]
    assert not [m for m in modules if m.startswith("harness.cli.") and m != "harness.cli.main"]


def test_plugins_list_imports_nothing_heavier_than_its_table() -> None:
    code = "import sys; from harness.cli.main import call; call(['plugins', 'list']); print('|', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    modules = {m.split(".")[0] for m in done.stdout.rpartition("|")[2].split()}
    assert not modules & (set(HEAVY) - {"rich"})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_says_what_it_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: harness {name}")


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["--version"]) == 0
    assert re.fullmatch(r"harness \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_unknown_command_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["rnu"]) == 2
    assert "did you mean 'run'?" in capsys.readouterr().err


def test_unknown_option_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["--nope"]) == 2
    assert "--nope" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"), [(UserError("a: b"), 2), (StepFailedError("a: b"), 1), (HarnessError("a: b"), 1)]
)
def test_harness_error_is_one_line_with_its_exit_code(error, code, failing, capsys: pytest.CaptureFixture[str]) -> None:
    failing(error)
    assert call(["run"]) == code
    assert capsys.readouterr() == ("", "a: b\n")


def test_error_escapes_control_characters_line_by_line(failing, capsys: pytest.CaptureFixture[str]) -> None:
    failing(UserError("name \x1b[31mred\u202e: bad\nsecond line"))
    call(["run"])
    assert capsys.readouterr().err == "name \\x1b[31mred\\u202e: bad\nsecond line\n"


def test_interrupt_exits_130(failing) -> None:
    failing(KeyboardInterrupt())
    assert call(["run"]) == 130


def test_bug_leaves_its_traceback_in_the_file_it_names(failing, capsys: pytest.CaptureFixture[str]) -> None:
    failing(ZeroDivisionError("what\x1b"))
    assert call(["run"]) == 1
    message = capsys.readouterr().err
    assert "Traceback" not in message and "ZeroDivisionError: what\\x1b" in message and message.count("\n") == 1
    log = Path(message.split()[-1])
    assert "Traceback" in log.read_text() and "ZeroDivisionError" in log.read_text()
    log.unlink()


def test_debug_shows_the_traceback_at_once(failing, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("HARNESS_DEBUG", "1")
    failing(UserError("a: b"))
    assert call(["run"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("Traceback") and message.endswith("a: b\n")


def test_reader_that_goes_away_is_no_error() -> None:
    code = "from harness.cli import main; main()"
    shell = f"{sys.executable} -c '{code}' plugins list --json | true"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


@pytest.mark.parametrize("args", [["plugins", "list"], ["plugins", "show", "length-filter"], ["doctor"], ["schema"]])
def test_json_stands_alone_on_standard_output(args: list[str]) -> None:
    done = run(*args, *([] if args == ["schema"] else ["--json"]))
    json.loads(done.stdout)
    assert done.stderr == ""


def test_completion_names_commands_without_importing_them() -> None:
    done = run(_HARNESS_COMPLETE="bash_complete", COMP_WORDS="harness pl", COMP_CWORD="1")
    assert done.stdout.split() == ["plain,plan", "plain,plugins"]


def test_third_party_command_is_listed_and_runs(tmp_path: Path) -> None:
    install(
        tmp_path,
        "hello",
        """
        import click, harness
        def load():
            return click.Command("hello", callback=lambda: click.echo("hi"))
        @harness.hookimpl
        def harness_commands():
            yield harness.Command(name="hello", summary="say hi\\x1b", load=load)
            yield harness.Command(name="broken", summary="cannot load", load=lambda: 1 / 0)
            yield harness.Command(name="run", summary="not ours", load=load)
        """,
    )
    env = {"PYTHONPATH": str(tmp_path)}
    listing = run("--help", **env).stdout
    assert "say hi\\x1b" in listing and "not ours" not in listing
    assert run("hello", **env).stdout == "hi\n"
    broken = run("broken", **env)
    assert broken.returncode == 1 and "'broken'" in broken.stderr and "ZeroDivisionError" in broken.stderr


def test_entry_point_is_the_public_main() -> None:
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="harness")
    assert script.load() is entry


def install(folder: Path, name: str, source: str) -> None:
    """Lay a distribution with one entry point where Python finds it."""
    (folder / f"harness_{name}.py").write_text(textwrap.dedent(source))
    info = folder / f"harness_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: harness-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[harness]\n{name} = harness_{name}\n")
