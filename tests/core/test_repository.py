"""The repository's own rules: sizes, names, and nothing in it about the machine it was written on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for top in ("core", "plugins") for p in (ROOT / top).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEXTS = sorted(
    p
    for top in ("core", "plugins", "tests", "docs", "recipes", "registry/schema", ".ci")
    for p in (ROOT / top).rglob("*")
    if p.suffix in (".py", ".md", ".json", ".toml", ".svg", "") and p.is_file() and "__pycache__" not in p.parts
) + [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "pyproject.toml")]

# Home folders and the like; written apart so that this file passes its own test.
MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:" + "|".join(["root", "home", "work", "Users"]) + r")/\w")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_sources_are_found() -> None:
    assert len(SOURCES) > 50 and len(TEXTS) > 100


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=name_of)
def test_file_is_under_500_lines_and_named_by_its_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500
    assert path.stem not in VAGUE


@pytest.mark.parametrize("path", [p for p in SOURCES if p.name == "__init__.py"], ids=name_of)
def test_init_is_imports_and_all(path: Path) -> None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        is_all = [t.id for t in targets if isinstance(t, ast.Name)] == ["__all__"]
        assert is_docstring or is_all or isinstance(node, ast.Import | ast.ImportFrom), ast.unparse(node)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_functions_are_under_40_lines(path: Path) -> None:
    """Signature and docstring do not count: they are what people read first."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
            assert lines <= 40, f"{node.name}: {lines} lines"


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_text_names_no_place_on_a_machine(path: Path) -> None:
    found = MACHINE_PATH.findall(path.read_text(encoding="utf-8", errors="replace"))
    assert not found
