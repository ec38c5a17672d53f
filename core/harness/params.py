"""A component's settings: from JSON to its frozen Params and back."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from pydantic import TypeAdapter


def build(params: type, settings: Mapping[str, Any]) -> Any:
    """Build a Params instance from settings that the recipe loader has already checked.

    Raises:
        pydantic.ValidationError: the settings do not fit, which means the loader let something through.
    """
    return _adapter(cast("Hashable", params)).validate_json(_text(settings), strict=True)


def dump(params: Any) -> dict[str, Any]:
    """Return a Params instance as JSON, defaults filled in."""
    settings: dict[str, Any] = _adapter(cast("Hashable", type(params))).dump_python(params, mode="json")
    return settings


@cache
def _adapter(params: Hashable) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(cast("Any", params))


def _text(settings: Mapping[str, Any]) -> str:
    from harness.digest import canonical

    return canonical(settings)
