"""From a schema's verdict to words: what is wrong with a value, and what may stand there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import suggest
from harness.recipe.faults import quoted, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jsonschema.exceptions import ValidationError

    from harness.recipe.component import Schema
    from harness.recipe.locate import Where

_TYPES = {
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault of a value."""

    message: str
    below: Where = ()
    """Where it is, below the value."""
    is_key: bool = False


def explain(error: ValidationError, kinds: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what an error of jsonschema means.

    Args:
        error: a leaf error.
        kinds: the kind of every component by name.
    """
    rule = str(error.validator)
    value: Any = error.instance
    schema: Schema = error.schema if isinstance(error.schema, dict) else {}
    if rule == "additionalProperties":
        known = list(schema.get("properties", {}))
        what = f"{schema['title']!r} has no such setting" if "use" in known and "title" in schema else "no such key"
        for name in value:
            if name not in known:
                yield Finding(below=(name,), is_key=True, message=f"{what}; {_advise(name, known)}")
    elif rule == "required":
        required: Any = error.validator_value
        for name in required:
            if name not in value:
                yield Finding(below=(name,), message=_missing(name, schema))
    elif "propertyNames" in error.absolute_schema_path:
        yield Finding(below=(value,), is_key=True, message=f"{shown(value)} is no plain name; use letters, digits and _")
    elif "x-kind" in schema and rule in ("enum", "anyOf"):
        if isinstance(value, str):
            yield Finding(message=unknown_component(value, schema, kinds))
    elif rule in _RULES:
        yield Finding(message=_RULES[rule](value, error.validator_value, schema))
    else:
        yield Finding(message=f"{shown(value)} does not fit; give {wanted(schema)}")


def unknown_component(name: str, schema: Schema, kinds: Mapping[str, str]) -> str:
    """Say that there is no such component, or that it is one of another kind."""
    kind = schema["x-kind"]
    known = schema["enum"] if "enum" in schema else schema["anyOf"][0]["enum"]
    other = kinds.get(name)
    if other and other != kind:
        return f"{quoted(name)} is {_article(other)}, and {_article(kind)} is wanted here; {_list(known)}"
    return f"no {kind} named {quoted(name)}; {_advise(name, known)}"


def wanted(schema: Schema) -> str:
    """Say what a schema allows: "an integer from 1 to 5"."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(wanted(a) for a in schema["anyOf"] if isinstance(a, dict)))
    if "enum" in schema:
        return f"one of {', '.join(shown(v) for v in schema['enum'])}"
    if "const" in schema:
        return shown(schema["const"])
    if "$ref" in schema:
        return "a name" if schema["$ref"].endswith("-name") else 'an object with "use"'
    types = schema.get("type", [])
    text = " or ".join(_TYPES[t] for t in ([types] if isinstance(types, str) else types)) or "something else"
    return text + _range(schema)


def _range(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    bounds = [
        f"{word} {schema[name]}"
        for name, word in (
            ("minimum", "of at least"),
            ("exclusiveMinimum", "above"),
            ("maximum", "of at most"),
            ("exclusiveMaximum", "below"),
        )
        if name in schema
    ]
    bounds += [_count(unit, schema.get(f"min{key}"), schema.get(f"max{key}")) for unit, key in _COUNTED]
    bounds = [bound for bound in bounds if bound]
    return f" {' and '.join(bounds)}" if bounds else ""


_COUNTED = (("character", "Length"), ("item", "Items"), ("key", "Properties"))


def _count(unit: str, least: int | None, most: int | None) -> str:
    """Say how many: "of at least 1 item", "of exactly 2 items"."""
    number = most if least is None else least if most is None else max(least, most)
    units = f"{unit}{'' if number == 1 else 's'}"
    if least is not None and most is not None:
        return f"of exactly {most} {units}" if least == most else f"of {least} to {most} {units}"
    if least is None:
        return "" if most is None else f"of at most {most} {units}"
    return f"of at least {least} {units}"


def _missing(name: str, schema: Schema) -> str:
    what: Schema = schema.get("properties", {}).get(name, {})
    about = f" ({what['description'].split('. ')[0].rstrip('.')})" if "description" in what else ""
    return f'missing; add "{name}"{about}'


def _advise(name: object, known: list[str]) -> str:
    if not isinstance(name, str):
        return _list(known)
    return suggest(name, known)


def _list(known: list[str]) -> str:
    return f"known: {', '.join(known)}" if known else "none is installed"


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' or kind.startswith(('rl', 'sft')) else 'a'} {kind}"


def _wrong_type(value: Any, _rule: Any, schema: Schema) -> str:
    return f"{shown(value)} is not {_type_words(schema)}; give {wanted(schema)}"


def _type_words(schema: Schema) -> str:
    types = schema["type"]
    return " or ".join(_TYPES[t] for t in ([types] if isinstance(types, str) else types))


def _out_of_range(value: Any, _rule: Any, schema: Schema) -> str:
    return f"{shown(value)} is out of range; give {wanted(schema)}"


def _wrong_length(value: Any, _rule: Any, schema: Schema) -> str:
    if not value:
        return f"is empty; give {wanted(schema)}"
    unit = "character" if isinstance(value, str) else "item"
    many = f"{len(value)} {unit}s are" if len(value) > 1 else f"1 {unit} is"
    return f"{many} too few or too many; give {wanted(schema)}"


def _not_listed(value: Any, _rule: Any, schema: Schema) -> str:
    return f"no such value: {shown(value)}; give {wanted(schema)}"


def _not_the_one(value: Any, rule: Any, _schema: Schema) -> str:
    return f"{shown(value)} is not supported; this harness reads {shown(rule)}"


def _wrong_form(value: Any, rule: Any, _schema: Schema) -> str:
    if "pass@" in rule:
        return f'{shown(value)} is no outcome metric; write "pass@1" or another "pass@k"'
    if "u0000" in rule:
        forbidden = "a slash, or starts with a dot or blank, or has characters" if "/" in rule else "characters"
        return f"{shown(value)} has {forbidden} that cannot be seen; use letters, digits, blanks and -_.+"
    return f"{shown(value)} has the wrong form; it must match {rule}"


def _repeats(value: Any, _rule: Any, _schema: Schema) -> str:
    seen: list[Any] = []
    for item in value:
        if item in seen:
            return f"{shown(item)} stands twice; remove one"
        seen.append(item)
    return "an item stands twice; remove one"


def _lacks_companion(value: Any, rule: Any, _schema: Schema) -> str:
    own, other = next((own, other) for own, others in rule.items() if own in value for other in others if other not in value)
    return f'"{own}" means nothing without "{other}"; add that'


_RULES: dict[str, Callable[[Any, Any, Schema], str]] = {
    "type": _wrong_type,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "exclusiveMinimum": _out_of_range,
    "exclusiveMaximum": _out_of_range,
    "multipleOf": _out_of_range,
    "minLength": _wrong_length,
    "maxLength": _wrong_length,
    "minItems": _wrong_length,
    "maxItems": _wrong_length,
    "minProperties": _wrong_length,
    "enum": _not_listed,
    "const": _not_the_one,
    "pattern": _wrong_form,
    "uniqueItems": _repeats,
    "dependentRequired": _lacks_companion,
}
