"""Notes: where a recipe says in words why a value is what it is. They mean nothing to a run and enter no key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.recipe.component import Schema

NOTES: Schema = {
    "description": "Sources and reasons, for readers: a text, a list of them, or texts by the name of a setting.",
    "type": ["string", "array", "object"],
    "items": {"type": "string"},
    "additionalProperties": {"type": "string"},
}
_SAYS_NOTHING = ("notes", "cost")
_WITH_CANDIDATES = ("candidates", "grid")


def without_notes(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a raw recipe can change a result: notes and the facts of the cost estimate left out.

    Args:
        raw: its structure is right. Free places are kept as they are, `details` and settings called "notes" further down
            (a column's name, say) among them.
    """
    kept = {key: _plain(value) for key, value in raw.items() if key not in _SAYS_NOTHING}
    for key in _WITH_CANDIDATES:
        if key in kept:
            kept[key] = _each(kept[key])
    return kept


def _each(value: Any) -> Any:
    """Take the notes off one candidate or grid, or off each of a list, and off their SFT settings."""
    if isinstance(value, list):
        return [_each(one) for one in value]
    return {key: _dropped(inner) if key == "sft" else inner for key, inner in _dropped(value).items()}


def _plain(value: Any) -> Any:
    """Take the notes off every component at any depth."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {key: one if key == "details" else _plain(one) for key, one in value.items()}
    return _dropped(inner) if isinstance(value.get("use"), str) else inner


def _dropped(value: Any) -> Any:
    return {key: one for key, one in value.items() if key != "notes"} if isinstance(value, dict) else value
