"""Grids: from axes and a template to candidates in full factorial.

    {"name": "{examples}x{epochs}",
     "axes": {"examples": [64, 256], "epochs": [1, 4]}, "skip": [{"examples": 64, "epochs": 1}],
     "curate": [{"use": "subset", "examples": "$examples"}, {"use": "epochs", "epochs": "$epochs"}]}

The string `$axis` stands for the axis's value wherever it is a whole string; in the name, `{axis}` stands for its text.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from harness.errors import suggest
from harness.recipe.faults import quoted, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.recipe.faults import Faults
    from harness.recipe.locate import Where
    from harness.recipe.uses import Place

MAX_CANDIDATES = 10_000
_AXIS = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_SLOT = re.compile(r"\{([^{}]*)\}")
_SUBSTITUTED = ("curate", "sft", "family")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A candidate before its checks."""

    raw: Mapping[str, Any]
    place: Place
    is_from_grid: bool = False


def expand(grid: Mapping[str, Any], start: Where, faults: Faults) -> list[Draft]:
    """Return a grid's candidates, the last axis moving fastest.

    Args:
        grid: its structure is right.
        start: where it stands.
        faults: where faults are noted; an ill grid has no candidates.
    """
    axes: Mapping[str, list[Any]] = grid["axes"]
    wrong = [*_wrong_names(grid, axes), *_wrong_skips(grid, axes)] or list(_idle_axes(grid, axes))
    size = math.prod(len(values) for values in axes.values())
    if size > MAX_CANDIDATES:
        wrong.append((("axes",), f"{size} combinations are too many; at most {MAX_CANDIDATES}"))
    for where, message in wrong:
        faults.add((*start, *where), message)
    if wrong:
        return []
    points = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    kept = [p for p in points if not any(_matches(p, skipped) for skipped in grid.get("skip", ()))]
    if not kept:
        faults.add((*start, "skip"), "every combination is skipped; leave some")
    return [_draft(grid, point, start) for point in kept]


def _draft(grid: Mapping[str, Any], point: Mapping[str, Any], start: Where) -> Draft:
    name = grid.get("name", " ".join(f"{axis}={{{axis}}}" for axis in point))
    raw = {
        "name": _SLOT.sub(lambda slot: _text(point[slot[1]]), name),
        **{key: _filled(template, point) for key, template in _templates(grid).items()},
        "details": dict(point),
    }
    return Draft(raw=raw, place=lambda where: (*start, *where), is_from_grid=True)


def _filled(template: Any, point: Mapping[str, Any]) -> Any:
    """Put a point's values in the place of `$axis`."""
    if isinstance(template, dict):
        return {key: _filled(value, point) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, point) for value in template]
    match = _AXIS.fullmatch(template) if isinstance(template, str) else None
    return point[match[1]] if match else template


def _text(value: Any) -> str:
    if isinstance(value, float):
        short = format(value, "g")
        return short if float(short) == value else repr(value)
    return value if isinstance(value, str) else str(value)


def _matches(point: Mapping[str, Any], skipped: Mapping[str, Any]) -> bool:
    return all(_is_same(point[axis], value) for axis, value in skipped.items())


def _is_same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _wrong_names(grid: Mapping[str, Any], axes: Mapping[str, Any]) -> Iterator[tuple[Where, str]]:
    """Find names of axes that are none."""
    slots = [(("name",), axis) for axis in _SLOT.findall(grid.get("name", ""))]
    for where, axis in (*_mentions(_templates(grid), ()), *slots):
        if axis not in axes:
            yield where, f"no axis named {quoted(axis)}; {suggest(axis, axes)}"


def _idle_axes(grid: Mapping[str, Any], axes: Mapping[str, Any]) -> Iterator[tuple[Where, str]]:
    used = {axis for _, axis in _mentions(_templates(grid), ())}
    for axis in axes:
        if axis not in used:
            yield ("axes", axis), f"nothing uses this axis; write \"${axis}\" in 'curate' or 'sft', or remove it"


def _templates(grid: Mapping[str, Any]) -> dict[str, Any]:
    return {key: grid[key] for key in _SUBSTITUTED if key in grid}


def _wrong_skips(grid: Mapping[str, Any], axes: Mapping[str, list[Any]]) -> Iterator[tuple[Where, str]]:
    for number, skipped in enumerate(grid.get("skip", ())):
        for axis, value in skipped.items():
            where = ("skip", number, axis)
            if axis not in axes:
                yield where, f"no axis named {quoted(axis)}; {suggest(axis, axes)}"
            elif not any(_is_same(value, v) for v in axes[axis]):
                yield where, f"{shown(value)} is not on this axis; give one of {', '.join(shown(v) for v in axes[axis])}"


def _mentions(template: Any, where: Where) -> Iterator[tuple[Where, str]]:
    if isinstance(template, (dict, list)):
        items = template.items() if isinstance(template, dict) else enumerate(template)
        for step, value in items:
            yield from _mentions(value, (*where, step))
    elif isinstance(template, str) and (match := _AXIS.fullmatch(template)):
        yield where, match[1]
