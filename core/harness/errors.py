"""Every error the host raises on purpose.

    HarnessError
    ├── UserError              exit 2: one line, no traceback: "where: what is wrong; what to do"
    │   ├── RecipeError        a recipe that cannot be run
    │   ├── DataError          a user's data file that cannot be used
    │   ├── TooFewSamplesError k > n, or an interval asked of nothing
    │   └── MissingError       a package, file or component that is not there
    ├── PluginError            a plug-in broke the contract; the message names the plug-in
    ├── StepFailedError        exit 1: a step of a study failed; the message carries whose code and the log's tail
    └── StoreError             the store is read-only, full, or damaged beyond setting aside

Messages are lowercase, show the offending value, and end with what to do. Plug-in code raises plain errors; the host's
boundary wraps them and says whose they are.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class HarnessError(Exception):
    """Root of the tree drawn above."""

    exit_code = 1


class UserError(HarnessError):
    """The user's input is wrong; shown as one line, never with a traceback."""

    exit_code = 2


class RecipeError(UserError):
    """A recipe cannot be run; the message starts with file, line and path."""


class DataError(UserError):
    """A data file is missing, empty or malformed; the message names file and line."""


class TooFewSamplesError(UserError):
    """An estimate needs more samples than were drawn (k > n)."""


class MissingError(UserError):
    """A component, package or file that was asked for is not there."""


class PluginError(HarnessError):
    """A plug-in broke the contract; the message names it."""


class StepFailedError(HarnessError):
    """A step failed; the message says which, whose code, and where its log lies."""


class StoreError(HarnessError):
    """The store cannot be used."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Say the nearest known name, or list what is known, for the tail of an error message."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(names)}" if names else "none is installed"
