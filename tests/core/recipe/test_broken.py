"""Every broken recipe is told in one line with its place, ends 2, shows no traceback and writes nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.recipe.broken import EDITS, SEVERAL, Broken
from harness.cli.main import call
from harness.recipe.read import MAX_DEPTH

PLUGIN = Path(__file__).parent / "components.py"
LINE = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): (?P<path>.+?): (?P<what>.+; .+)")


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HARNESS_PLUGINS", "none-of-those-installed")
    monkeypatch.setenv("HARNESS_STORE", str(folder / "store"))
    monkeypatch.delenv("HARNESS_DEBUG", raising=False)
    return folder


def validate(here: Path, capsys: pytest.CaptureFixture[str], *more: str, name: str = "r.json") -> tuple[int, list[str]]:
    """Run the command; return its exit code and the lines on standard error."""
    before = sorted(here.rglob("*"))
    code = call(["validate", name, "--plugin", str(PLUGIN), *more])
    written = capsys.readouterr()
    assert sorted(p for p in here.rglob("*") if "__pycache__" not in p.parts) == before
    assert "Traceback" not in written.err + written.out
    assert written.out == ""
    return code, written.err.splitlines()


@pytest.mark.parametrize("broken", EDITS, ids=lambda b: b.name)
def test_broken_recipe_is_told_in_one_line(
    broken: Broken, good: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "r.json").write_text(broken.of(good))
    code, lines = validate(here, capsys)
    match = LINE.fullmatch(lines[0])
    assert match, lines
    assert (match["file"], int(match["line"])) == ("r.json", broken.line), lines
    assert match["path"].startswith(broken.path), lines
    assert broken.path == "column" or match["path"] == broken.path
    assert broken.says in match["what"]
    assert code == 2
    assert len(lines) == 1 or broken.name in SEVERAL, lines
    assert all(line.isprintable() for line in lines)


def test_broken_recipes_are_many_and_differ(good: str) -> None:
    assert len(EDITS) >= 40
    assert len({b.of(good) for b in EDITS}) == len({b.name for b in EDITS}) == len(EDITS)


@pytest.mark.parametrize(
    ("content", "line", "path", "says"),
    [
        (b"", 1, "recipe", "the file is empty"),
        (b" \n\t\n", 1, "recipe", "the file is empty"),
        (b"\xef\xbb\xbf{}", 1, "recipe", "byte order mark"),
        (b'{\n"name": "\xff"}', 2, "recipe", "byte 0xff is not UTF-8"),
        ('{"name": "x"}'.encode("utf-16"), 1, "recipe", "is not UTF-8"),
        (b"[" * 10_000_000, 1, "recipe", "nested too deeply"),
        (b'{"a":' * 2_000_000, 1, "recipe", "nested too deeply"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), 1, "[0][0][0]", "nested too deeply"),
        (b'{"a": "' + b"x" * 20_000_000 + b'"}', 1, "recipe", "20000009 bytes are too many"),
        (b"[1]", 1, "recipe", "a list of 1 is not an object"),
        (b"3", 1, "recipe", "3 is not an object"),
        (b"\n\n{", 3, "column 2", "not JSON"),
        (b"null", 1, "recipe", "null is not an object"),
        (b'{"schema_version": 1} x', 1, "column 23", "not JSON: extra data"),
    ],
)
def test_broken_file_is_told_in_one_line(
    content: bytes, line: int, path: str, says: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "r.json").write_bytes(content)
    code, lines = validate(here, capsys)
    match = LINE.fullmatch(lines[0])
    assert match, lines
    assert (int(match["line"]), match["path"], code, len(lines)) == (line, path, 2, 1), lines
    assert says in match["what"]


def test_nested_chains_are_refused_when_too_deep(good: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chain = '{"use": "epochs"}'
    for _ in range(6):
        chain = f'{{"use": "mixture", "parts": [{{"share": 1, "curate": [{chain}]}}]}}'
    (here / "r.json").write_text(good.replace('{"use": "subset", "examples": 400}', chain))
    assert validate(here, capsys)[0] == 0
    deeper = f'{{"use": "mixture", "parts": [{{"share": 1, "curate": [{chain}]}}]}}'
    (here / "r.json").write_text(good.replace('{"use": "subset", "examples": 400}', deeper))
    code, lines = validate(here, capsys)
    assert code == 2
    assert "nested too deeply" in lines[0]


@pytest.mark.parametrize("name", ["nowhere.json", "quikstart", "a\x1b[31mb", "", "x" * 5000, "a/\x00"])
def test_missing_recipe_is_told_in_one_line(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = validate(here, capsys, name=name)
    assert (code, len(lines)) == (2, 1)
    assert "; " in lines[0]
    assert lines[0].isprintable()


def test_folder_as_recipe_is_told_in_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = validate(here, capsys, name="runs")
    assert (code, len(lines)) == (2, 1)
    assert lines[0].startswith("runs: is a folder and not a recipe; ")


def test_several_faults_come_in_the_files_order(good: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = good.replace('"tokens": 100000', '"tokens": -1').replace('"seeds": [3, 4]', '"seeds": "x"')
    (here / "r.json").write_text(text.replace('"epochs": 2', '"epochs": "2"'))
    code, lines = validate(here, capsys)
    assert code == 2
    assert [line.split(": ")[1] for line in lines] == ["seeds", "candidates[1].curate[1].epochs", "budget.tokens"]


def test_no_more_than_ten_faults_are_told(good: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unknown = ",".join(f'"k{i}": {i}' for i in range(100))
    (here / "r.json").write_text(good.replace('"seeds": [3, 4],', f"{unknown},"))
    assert len(validate(here, capsys)[1]) == 10


def test_good_recipe_is_summed_up(good: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "r.json").write_text(good)
    code, lines = validate(here, capsys)
    assert code == 0
    assert lines == ["recipe ok: 9 candidates, 2 seeds, 2 benchmarks, 5 proxies, rl by plain-rl"]


def test_json_lists_the_faults(good: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "r.json").write_text(good.replace("[3, 4]", "[3, 3]"))
    assert call(["validate", "r.json", "--plugin", str(PLUGIN), "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert [(e["file"], e["line"], e["path"]) for e in said["errors"]] == [("r.json", 4, "seeds")]
    (here / "r.json").write_text(good)
    assert call(["validate", "r.json", "--plugin", str(PLUGIN), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["candidates"] == 9


@pytest.mark.parametrize("edit", [e for e in EDITS if e.name in {"unknown curation", "missing comma", "path outside"}])
def test_real_command_tells_it_alike(edit: Broken, good: str, here: Path) -> None:
    (here / "r.json").write_text(edit.of(good))
    command = [Path(sys.executable).with_name("harness"), "validate", "r.json", "--plugin", PLUGIN]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    match = LINE.fullmatch(done.stderr.strip())
    assert match, done.stderr
    assert (done.returncode, done.stdout, int(match["line"])) == (2, "", edit.line)
    assert not (here / "store").exists()
