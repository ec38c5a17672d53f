"""What is wrong with a recipe, collected so that one run of the loader shows all of it, each fault on one line."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import RecipeError
from harness.escape import printable
from harness.recipe.locate import Where, line_of

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_FAULTS = 10
_PLAIN_KEY = re.compile(r"[A-Za-z_$][\w$-]*", re.ASCII)
_LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: `file:line: path: what is wrong; what to do`."""

    file: str
    line: int | None
    """From 1; None where the recipe is not a file."""
    path: str
    """`candidates[2].curate[0].use`; `recipe` for the whole."""
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.path}: {self.message}"

    def as_json(self) -> dict[str, Any]:
        """Return the fields for `--json`."""
        return asdict(self)


class FaultyRecipeError(RecipeError):
    """A recipe with one or more faults; the message has a line for each."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class Faults:
    """The faults found so far in one recipe, at most MAX_FAULTS of them."""

    def __init__(self, file: str, text: str | None) -> None:
        """Start without faults.

        Args:
            file: the file's name, as messages show it.
            text: its text, for line numbers; None where there is no file.
        """
        self._file = printable(file)
        self._text = text
        self._found: list[Fault] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, where: Where, message: str, *, key: bool = False) -> None:
        """Note a fault at a place; `key` points to the line of its key instead of its value."""
        if len(self._found) >= MAX_FAULTS:
            return
        line = None if self._text is None else line_of(self._text, where, key=key)
        self._note(Fault(file=self._file, line=line, path=path_text(where), message=message))

    def add_at_line(self, line: int, path: str, message: str) -> None:
        """Note a fault of text that is not JSON, and so has no places."""
        self._note(Fault(file=self._file, line=line, path=path, message=message))

    def stop(self) -> None:
        """Raise if anything was noted.

        Raises:
            FaultyRecipeError: with every fault, in the file's order.
        """
        if self._found:
            raise FaultyRecipeError(sorted(self._found, key=lambda f: f.line or 0))

    def _note(self, fault: Fault) -> None:
        """Keep the first fault of a place: what follows from it is no news."""
        if (fault.line, fault.path) not in {(f.line, f.path) for f in self._found}:
            self._found.append(fault)


def path_text(where: Where) -> str:
    """Write a place as `candidates[2].curate[0].use`; keys that are no plain words are quoted."""
    text = ""
    for step in where:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step) and len(step) <= _LONGEST:
            text += f".{step}" if text else step
        else:
            text += f"[{shown(step)}]"
    return text or "recipe"


def quoted(name: str) -> str:
    """Show a name in single quotes, as suggestions do."""
    return f"'{shown(name)[1:-1]}'"


def shown(value: Any) -> str:
    """Show an offending value as JSON on one line, shortened, with nothing in it that could steer a terminal."""
    if isinstance(value, dict) and value:
        return f"an object with {', '.join(shown(k) for k in list(value)[:3])}{', …' if len(value) > 3 else ''}"
    if isinstance(value, list) and value:
        return f"a list of {len(value)}"
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
