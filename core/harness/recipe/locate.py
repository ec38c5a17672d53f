"""From a place in a recipe (`candidates`, 2, `name`) to the line of the file that holds it.

Only errors need lines, so the text is scanned again, along the place's path, when one is reported; everything off the path
is skipped by the standard library's own scanner.
"""

from __future__ import annotations

import re
from json import decoder
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Where = tuple[str | int, ...]
"""Keys and indices from the recipe's root."""

_BLANK = re.compile(r"[ \t\r\n]*")
_SKIPPER = decoder.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len)
_scan_string = cast("Callable[[str, int], tuple[str, int]]", vars(decoder)["scanstring"])


def line_of(text: str, where: Where, *, key: bool = False) -> int:
    """Return the line (from 1) of the value at `where`, or of its key.

    A part of the path that is not in the text ends the search: a missing key is at its object's line. Of a repeated key
    the last one counts, as in parsing.

    Args:
        text: valid JSON.
        where: the place.
        key: give the line of the last step's key and not of its value.
    """
    at = _skip_blank(text, 0)
    for depth, step in enumerate(where, start=1):
        found = [(k, v) for name, k, v in _children(text, at) if name == step and type(name) is type(step)]
        if not found:
            break
        key_at, value_at = found[-1]
        at = key_at if key and depth == len(where) else value_at
    return text.count("\n", 0, at) + 1


def _children(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """Yield (key or index, position of the key, position of the value) for each child of the container at `at`."""
    opener = text[at : at + 1]
    if opener not in ("{", "["):
        return
    closer = "}" if opener == "{" else "]"
    at = _skip_blank(text, at + 1)
    index = 0
    while text[at] != closer:
        name: str | int = index
        key_at = at
        if opener == "{":
            name, at = _scan_string(text, at + 1)
            at = _skip_blank(text, _skip_blank(text, at) + 1)
        yield name, key_at, at
        _, at = _SKIPPER.raw_decode(text, at)
        at = _skip_blank(text, at)
        if text[at] == ",":
            at = _skip_blank(text, at + 1)
        index += 1


def _skip_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
