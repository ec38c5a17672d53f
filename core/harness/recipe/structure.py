"""Check raw JSON against the composed schema, and say what is wrong in words.

jsonschema does the checking; two of its rules are stricter here: 1.0 is no integer, and where a component stands only the
alternative that its `use` names is looked at, so that a fault is told of that component and not of all.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from harness.recipe.explain import explain
from harness.recipe.faults import MAX_FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jsonschema.exceptions import ValidationError

    from harness.recipe.component import Schema
    from harness.recipe.faults import Faults
    from harness.recipe.locate import Where


def check(
    value: Any,
    schema: Schema,
    faults: Faults,
    *,
    kinds: Mapping[str, str],
    default_sft: str | None = None,
    place: Callable[[Where], Where] = lambda where: where,
) -> None:
    """Note every fault of a value's structure, up to MAX_FAULTS.

    Args:
        value: raw JSON.
        schema: the composed one, or a reference into it together with its `$defs`.
        faults: where faults are noted.
        kinds: the kind of every component by name, to tell a wrong kind from an unknown name.
        default_sft: the trainer whose settings a candidate's `sft` holds if it names none.
        place: from a place in `value` to the place in the file.
    """
    validator = _validator_class(schema["$defs"], default_sft)(schema)
    try:
        errors = list(islice(validator.iter_errors(value), MAX_FAULTS))
    except RecursionError:
        faults.add((), "nested too deeply; put fewer curations into one another")
        return
    for error in errors:
        for found in explain(error, kinds):
            faults.add(place((*error.absolute_path, *found.below)), found.message, key=found.is_key)


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
