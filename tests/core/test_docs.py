"""The documentation is current: a heading a command and a hook, generated help texts, examples that run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import click
import pytest

from harness import hookspecs
from harness.cli.main import COMMANDS, call, group
from harness.offers import Curation
from harness.plugins import Plugins

ROOT = Path(__file__).parents[2]
HOOKS = [name for name in vars(hookspecs) if name.startswith("harness_")]


def headings(page: str) -> set[str]:
    return set(re.findall(r"^## (.+)$", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE))


def all_commands() -> list[str]:
    found = []
    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            found += [f"harness {name} {sub}" for sub in command.list_commands(context)]
        else:
            found.append(f"harness {name}")
    return found


def test_every_command_has_a_heading_and_no_heading_is_left_over() -> None:
    assert {h for h in headings("commands.md") if h.startswith("harness")} == set(all_commands())


def test_every_hook_has_a_heading_and_no_heading_is_left_over() -> None:
    assert len(HOOKS) > 10
    assert headings("hooks.md") == set(HOOKS)


def test_help_texts_are_current() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs" / "help_pages.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def example(page: str, language: str = "python") -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    return textwrap.dedent(code)


def test_example_plugin_passes_the_test_that_contributing_writes_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keep_first.py").write_text(example("README.md"))
    monkeypatch.syspath_prepend(tmp_path)
    plugins = Plugins.of()
    plugins.add_file(tmp_path / "keep_first.py")
    assert list(plugins.offers(Curation)) == ["keep-first"]
    namespace: dict[str, Any] = {}
    exec(example("CONTRIBUTING.md"), namespace)  # noqa: S102 - our own documentation
    (test,) = [f for name, f in namespace.items() if name.startswith("test_")]
    test(tmp_path)


def test_example_recipe_is_valid(tmp_path: Path) -> None:
    raw = json.loads(example("README.md", "json"))
    base = tmp_path / raw["base"]["path"]
    base.mkdir(parents=True)
    (base / "config.json").write_text("{}")
    (tmp_path / "data").mkdir()
    for name in ("sft", "heldout", "rl", "test"):
        (tmp_path / "data" / f"{name}.jsonl").write_text('{"prompt": "1+1", "response": "2", "answer": "2"}\n')
    (tmp_path / "my.json").write_text(example("README.md", "json"))
    assert call(["validate", str(tmp_path / "my.json")]) == 0


PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("page", sorted(p.relative_to(ROOT).as_posix() for p in PAGES))
def test_links_inside_the_repository_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [*re.findall(r"\]\(([^)#\s]+)[^)]*\)", text), *re.findall(r'src="([^"]+)"', text)]
    for target in targets:
        if not target.startswith(("http:", "https:", "mailto:")):
            assert ((ROOT / page).parent / target).exists(), target
