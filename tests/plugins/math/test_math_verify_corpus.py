"""math-verify's own test cases, read from its source distribution, which is fetched once and kept in pytest's cache.

The wheel has no tests, and they are not committed here. They are read as data, never run. The cases say what math-verify
answers under the settings each asks for; ours are fixed (its defaults, boxes first). Where the grader says otherwise,
math-verify itself is asked under our settings, and must agree unless the difference is listed below with its reason.
"""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

from harness import Problem
from harness_plugins.math.math_verify import grade_many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = "0.9.0"
SHA256 = "45ac6c61344ba056b9e99a660a4bc8d044ed408f730aed68c60435aa5eec4645"

DIFFERENCES = {
    # Gold answer, end of the completion: the reason.
    ("1,22", "1.22"): "a bare gold answer is LaTeX here, as in MATH, and a comma between numbers makes a list",
    ("$10455$", "I hope it is correct."): "the last box is the answer, also where 'the final answer is' stands behind it",
    ("$$(3, 3), (1, 1)$$", r"\boxed{(1, 1)}$$"): "boxes with words between them are no list; the last one counts",
    ("$y_{1}=-2 x^{2}+4 x+3, y_{2}=3 x^{2}+12 x+10$", r"\) "): "as above",
}


@dataclass(frozen=True)
class Case:
    gold: str
    completion: str
    expected: bool


@pytest.fixture(scope="session")
def archive(pytestconfig: pytest.Config) -> Path:
    folder = pytestconfig.cache.mkdir("math-verify-sdist")  # type: ignore[union-attr]
    path = folder / f"math_verify-{VERSION}.tar.gz"
    with FileLock(folder / "lock"):
        if not path.is_file():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            command += ["--no-binary", "math-verify", f"math-verify=={VERSION}", "--dest", str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.fail(f"the corpus cannot be had: {' '.join(command)}\n{done.stderr[-2000:]}")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
    return path


def read_cases(archive: Path) -> Iterator[Case]:
    """Yield the literal (gold, prediction, expected) cases of all parametrised tests."""
    with tarfile.open(archive) as files:
        for name in sorted(files.getnames()):
            if "/tests/test_" in name:
                yield from cases_of(ast.parse(files.extractfile(name).read()))  # type: ignore[union-attr]


def cases_of(module: ast.Module) -> Iterator[Case]:
    marks = (
        mark
        for node in module.body
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.parametrize"
    )
    for mark in marks:
        names = [name.strip() for name in ast.literal_eval(mark.args[0]).split(",")]
        if names[:2] != ["gold", "pred"]:
            continue
        for row in mark.args[1].elts:  # type: ignore[attr-defined]
            try:
                values = dict(zip(names, ast.literal_eval(row), strict=True))
            except ValueError:
                continue  # one is computed
            yield Case(values["gold"], values["pred"], bool(values.get("expected", values.get("result"))))


def asked_itself(case: Case) -> bool:
    targets = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    return verify(parse(case.gold, targets), parse(case.completion, targets))


@pytest.mark.slow
def test_grader_agrees_with_math_verify_on_its_own_cases(archive: Path, tmp_path: Path) -> None:
    cases = list(read_cases(archive))
    assert len(cases) == 274
    problems = [Problem(id=str(number), prompt="?", answer=case.gold) for number, case in enumerate(cases)]
    grades = grade_many(problems, [case.completion for case in cases], memory=tmp_path, progress=lambda _: None)
    doubtful = [(case, g.correct) for case, g in zip(cases, grades, strict=True) if g.correct != case.expected]
    differ = [case for case, correct in doubtful if asked_itself(case) != correct]
    listed = {
        (gold, end): case
        for gold, end in DIFFERENCES
        for case in differ
        if case.gold == gold and case.completion.endswith(end)
    }
    assert [case for case in differ if case not in listed.values()] == []
    assert set(listed) == set(DIFFERENCES), "a listed difference is none any more; take it out"
