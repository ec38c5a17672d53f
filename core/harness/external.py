"""External programs: what runs in a Python environment of its own, because its pins and ours cannot share one.

An offer names them in `externals`; `harness doctor` lists them, and a study checks them before it starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Literal

from harness.errors import MissingError

_ASK = (
    "import importlib.metadata as m, json, platform, sys\n"
    "found = [d.version for d in m.distributions(name=sys.argv[1])]\n"
    "print(json.dumps({'version': found[0] if found else None, 'python': platform.python_version()}))\n"
)
_ANSWER_S = 120
"""A Python on a cold network disk may take a minute to start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundProgram:
    """An external program as it was found."""

    distribution: str
    version: str
    python: Path
    """The interpreter that has it; not resolved, because a virtual environment is told by its link's place."""
    python_version: str
    source: Literal["setting", "variable", "this interpreter"]
    """What led to it: the recipe's `python`, the environment variable, or neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A program that is started and never imported."""

    distribution: str
    """Its name on the package index: "openrlhf"."""
    supported: str
    """Versions it is written for, as a PEP 440 specifier: "==0.11.2"."""
    variable: str
    """Environment variable that names its Python, an executable or a virtual environment's folder."""
    install: str
    """The exact command that installs a supported version into the environment of the `python` it starts with."""
    note: str = ""
    """What else it needs, in a few words: "CUDA GPUs"."""

    def python(self, setting: str | None = None) -> tuple[Path, Literal["setting", "variable", "this interpreter"]]:
        """Return the interpreter that would be asked, and why this one; it is not started.

        Args:
            setting: the recipe's `python`, which goes before the environment variable.
        """
        if setting:
            return _executable(setting), "setting"
        if named := os.environ.get(self.variable):
            return _executable(named), "variable"
        return Path(sys.executable), "this interpreter"

    def find(self, setting: str | None = None) -> FoundProgram:
        """Find the program, asking the interpreter that would run it.

        Args:
            setting: the recipe's `python`.

        Raises:
            MissingError: it is not there, or its version is not supported; the message says what to run.
        """
        python, source = self.python(setting)
        where = {"setting": "python", "variable": self.variable, "this interpreter": self.distribution}[source]
        version, of_python = _installed(python, self.distribution, where, self._remedy())
        if version is None:
            raise MissingError(f"{where}: {self.distribution} is not installed for {str(python)!r}; {self._remedy()}")
        if not _fits(version, self.supported):
            raise MissingError(
                f"{where}: {self.distribution} {version} in {str(python)!r} is not supported, "
                f"{self.distribution}{self.supported} is; {self._remedy()}"
            )
        return FoundProgram(
            distribution=self.distribution, version=version, python=python, python_version=of_python, source=source
        )

    def _remedy(self) -> str:
        return f"run: {self.install}; then set {self.variable} to that environment's python, or name it as 'python'"


def _executable(named: str) -> Path:
    """Return the interpreter a setting names: itself, or the one of a virtual environment's folder."""
    path = Path(named).expanduser().absolute()
    return path / ("Scripts/python.exe" if os.name == "nt" else "bin/python") if path.is_dir() else path


def _installed(python: Path, distribution: str, where: str, remedy: str) -> tuple[str | None, str]:
    """Return the distribution's version, None where it is missing, and that of the interpreter."""
    if python == Path(sys.executable):
        found = [d.version for d in metadata.distributions(name=distribution)]
        return (found[0] if found else None), ".".join(map(str, sys.version_info[:3]))
    try:
        changed = python.stat().st_mtime_ns
    except OSError:
        raise MissingError(f"{where}: there is no Python at {str(python)!r}; {remedy}") from None
    return _asked(python, distribution, where, changed)


@cache
def _asked(python: Path, distribution: str, where: str, _changed: int) -> tuple[str | None, str]:
    try:
        done = subprocess.run([python, "-c", _ASK, distribution], capture_output=True, timeout=_ANSWER_S, check=True)
        answer = json.loads(done.stdout)
        return answer["version"], answer["python"]
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {error.returncode}"])[-1]
    except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as error:
        reason = f"{type(error).__name__}: {error}"
    raise MissingError(f"{where}: {str(python)!r} does not answer as a Python does ({reason}); name a Python executable")


def _fits(version: str, supported: str) -> bool:
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        # A local build ("0.32.0+cpu") counts as the version it was built from.
        return SpecifierSet(supported).contains(Version(version).public, prereleases=True)
    except InvalidVersion:
        return False
