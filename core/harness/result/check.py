"""Check result.json against its own schema, which ships beside the registry."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_result(result: Mapping[str, Any]) -> None:
    """Check a result before it is written.

    Raises:
        HarnessError: it does not fit the schema, which is a fault of ours; the message names the place.
    """
    if fault := fault_of(result):
        raise HarnessError(f"result.json: {fault}; please report it")


def fault_of(result: Mapping[str, Any]) -> str | None:
    """Return where and how a result does not fit the schema, or None."""
    from jsonschema import Draft202012Validator

    error = next(iter(Draft202012Validator(result_schema()).iter_errors(result)), None)
    if error is None:
        return None
    place = ".".join(str(part) for part in error.absolute_path) or "result"
    return f"{place}: {error.message[:300]}"


@cache
def result_schema() -> dict[str, Any]:
    """Return the JSON Schema of result.json."""
    schema: dict[str, Any] = json.loads(shipped("registry", "schema/result.schema.json").read_text(encoding="utf-8"))
    return schema
