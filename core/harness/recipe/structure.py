"""Check raw JSON against the composed schema, and say what is wrong in words.

jsonschema does the checking; two of its rules are stricter here: 1.0 is no integer, and where a component stands only the
alternative that its `use` names is looked at, so that a fault is told of that component and not of all.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from harness.recipe.explain import explain, unknown_component
from harness.recipe.faults import MAX_FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema.exceptions import ValidationError

    from harness.recipe.component import Schema
    from harness.recipe.faults import Faults
    from harness.recipe.uses import Place


class Structure:
    """Checks values of one recipe against the composed schema."""

    def __init__(self, schema: Schema, faults: Faults, kinds: Mapping[str, str], default_sft: str | None) -> None:
        """Prepare to check.

        Args:
            schema: the composed one.
            faults: where faults are noted.
            kinds: the kind of every component by name, to tell a wrong kind from an unknown name.
            default_sft: the trainer whose settings a candidate's `sft` holds if it names none.
        """
        self._schema = schema
        self._faults = faults
        self._kinds = kinds
        self._validator = _validator_class(schema["$defs"], default_sft)

    def check(self, value: Any, definition: str | None = None, place: Place | None = None) -> bool:
        """Note every fault of a value's structure, up to MAX_FAULTS, and tell whether it has none.

        Args:
            value: raw JSON.
            definition: the name among `$defs` of what it should be; None for a whole recipe.
            place: from a place in `value` to the place in the file; None where they are the same.
        """
        schema = self._schema
        if definition is not None:
            schema = {"$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]}
        try:
            errors = list(islice(self._validator(schema).iter_errors(value), MAX_FAULTS))
        except RecursionError:
            self._faults.add((), "nested too deeply; put fewer curations into one another")
            return False
        for error in errors:
            for found in explain(error, self._kinds):
                where = (*error.absolute_path, *found.below)
                self._faults.add(place(where) if place else where, found.message, key=found.is_key)
        return not errors

    def explain_unknown(self, kind: str, name: str, known: list[str]) -> str:
        """Say that there is no component of a kind and name, or that it is of another kind."""
        return unknown_component(name, {"x-kind": kind, "enum": known}, self._kinds)


def _validator_class(definitions: Mapping[str, Schema], default_sft: str | None) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    def one_of(validator: Any, alternatives: Any, value: Any, schema: Schema) -> Iterator[ValidationError]:
        if "x-kind" not in schema:
            yield from Draft202012Validator.VALIDATORS["oneOf"](validator, alternatives, value, schema)
        elif isinstance(value, dict):
            yield from _named(validator, definitions, alternatives, value.get("use"), value)

    def any_of(validator: Any, alternatives: Any, value: Any, schema: Schema) -> Iterator[ValidationError]:
        if schema.get("x-kind") == "sft trainer":
            if isinstance(value, dict):
                yield from _named(validator, definitions, alternatives, value.get("use", default_sft), value)
            return
        fitting = [a for a in alternatives if _may_be(validator, _target(definitions, a), value)]
        if len(fitting) == 1 and "x-kind" not in schema:
            yield from validator.descend(value, fitting[0])
        else:
            yield from Draft202012Validator.VALIDATORS["anyOf"](validator, alternatives, value, schema)

    strict = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    make: Any = extend
    return make(Draft202012Validator, {"oneOf": one_of, "anyOf": any_of}, type_checker=strict)


def _is_integer(_checker: Any, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _named(
    validator: Any, definitions: Mapping[str, Schema], alternatives: Any, name: Any, value: Any
) -> Iterator[ValidationError]:
    """Check a component against the alternative of its name; an unknown name is told of by the schema of `use`."""
    for alternative in alternatives:
        target = _target(definitions, alternative)
        if isinstance(target, dict) and target.get("properties", {}).get("use", {}).get("const", _NOTHING) == name:
            yield from validator.descend(value, alternative)


_NOTHING = object()


def _may_be(validator: Any, schema: Any, value: Any) -> bool:
    """Tell whether a value is of a type that a schema allows."""
    wanted = schema.get("type") if isinstance(schema, dict) else None
    if wanted is None:
        return True
    return any(validator.is_type(value, t) for t in ([wanted] if isinstance(wanted, str) else wanted))


def _target(definitions: Mapping[str, Schema], schema: Any) -> Any:
    """Follow a reference into `$defs`."""
    if isinstance(schema, dict) and "$ref" in schema:
        return definitions[schema["$ref"].removeprefix("#/$defs/")]
    return schema
